namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>How the report looks: colours of both schemes with a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3), and on paper.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root { --back: #fbfaf8; --card: #fff; --text: #1c2126; --soft: #55606b; --line: #d9d5ce; --link: #0b5c86; --ok: #1a7f37;
        --part: #8a5a00; --bad: #b3261e; --run: #0b5c86; --wait: #55606b; --none: #e6e2db; --ok2: #4caf65; --part2: #e0a526; --bad2:
        #d6453c; --run2: #4b9cc9; }
        @media (prefers-color-scheme: dark) { :root { --back: #14181b; --card: #1c2226; --text: #e8eaec; --soft: #a8b2bb; --line:
        #394249; --link: #7cc4ee; --ok: #6fd48a; --part: #f0bd4f; --bad: #ff9a92; --run: #7cc4ee; --wait: #a8b2bb; --none: #2b3237;
        --ok2: #2f8f4a; --part2: #b98414; --bad2: #c63d35; --run2: #2f7ba6; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
        header, main, footer { max-width: 76rem; margin: 0 auto; padding: .8rem 1.2rem; }
        header p, footer p, .small { color: var(--soft); } .small { font-size: .85rem; margin: .2rem 0 0; max-width: 20rem; }
        h1 { margin: .3rem 0 0; font-size: 1.6rem; } h2 { margin: 1.6rem 0 .5rem; font-size: 1.25rem; overflow-wrap: anywhere; } h3 {
        margin: 1rem 0 .2rem; font-size: 1rem; }
        a { color: var(--link); } a:focus-visible, .scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--link);
        outline-offset: 2px; }
        .skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; }
        .tiles { list-style: none; display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; margin: .6rem 0; }
        .tile { background: var(--card); border: 1px solid var(--line); border-left: .35rem solid; border-radius: .4rem; padding: .4rem
        .9rem; } .tile b { font-size: 1.5rem; color: var(--text); margin-right: .4rem; }
        .state { font-weight: 600; white-space: nowrap; font-size: 1rem; }
        .s-succeeded { color: var(--ok); } .s-partial { color: var(--part); } .s-failed { color: var(--bad); } .s-running { color:
        var(--run); } .s-pending { color: var(--wait); }
        section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .2rem 1.1rem 1rem; margin:
        1.2rem 0; }
        section h2 { margin-top: .8rem; }
        dl { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin: .2rem 0; } dt { color: var(--soft); font-size: .85rem; } dd {
        margin: 0; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; background: var(--card); } th, td { text-align:
        left; min-width: 4.5rem; padding: .3rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap:
        break-word; }
        thead th { color: var(--soft); font-size: .85rem; font-weight: 600; white-space: nowrap; } tbody th { font-weight: 600; } .t {
        white-space: nowrap; } .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .charts { display: flex; flex-wrap: wrap; gap: 1rem 2.2rem; } figure { margin: .6rem 0; } figcaption { font-weight: 600;
        font-size: .9rem; } svg { max-width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 9px; }
        .h-none { fill: var(--none); } .h-succeeded { fill: var(--ok2); stroke: var(--ok2); } .h-partial { fill: var(--part2); stroke:
        var(--part2); } .h-failed { fill: var(--bad2); stroke: var(--bad2); } .h-running, .h-pending { fill: var(--run2); stroke:
        var(--run2); } rect { stroke: none !important; }
        .bar { stroke-width: 3; } .axis { stroke: var(--line); } .line { fill: none; stroke: var(--link); stroke-width: 2; }
        .alert { border-left: .3rem solid var(--bad2); padding: .3rem .7rem; background: var(--back); overflow-wrap: anywhere; }
        summary { cursor: pointer; margin: .8rem 0 .3rem; font-weight: 600; }
        @media print { body { background: #fff; } section { break-inside: avoid-page; } .skip { display: none; }
        details::details-content { content-visibility: visible; display: block; } a { color: inherit; text-decoration: none; } .scroll {
        overflow: visible; } }

        """;
}
