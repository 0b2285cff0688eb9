using System.IO.Enumeration;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// Compares patterns with what a tenant has. It remembers which of them ever matched: a pattern that matches nothing is usually a typo, and
/// a typo must not silently end the backup of a mailbox. Used by one listing.
/// </summary>
internal sealed class Selection
{
    private readonly List<Patterns> _patterns = [];
    private readonly List<UnselectedResource> _unselected = [];

    /// <summary>Resources that exist but are excluded by the patterns.</summary>
    public IReadOnlyList<UnselectedResource> Unselected => _unselected;

    /// <summary>The patterns of a parameter, such as Include, for one kind of resource or for all.</summary>
    /// <param name="parameter">The cmdlet's parameter, as the user knows it.</param>
    /// <param name="kind">The kind, or null for all.</param>
    /// <param name="patterns">The patterns.</param>
    public Patterns Of(string parameter, string? kind, IReadOnlyList<string>? patterns)
    {
        var made = new Patterns(parameter, kind, [.. (patterns ?? []).Where(pattern => pattern is not null)]);
        _patterns.Add(made);
        return made;
    }

    /// <summary>Whether a configuration selects a resource.</summary>
    /// <param name="include">What it includes; everything if empty.</param>
    /// <param name="exclude">What it excludes.</param>
    /// <param name="names">The resource's names.</param>
    /// <param name="resource">The resource, to be remembered if it is excluded.</param>
    public bool Takes(Patterns include, Patterns exclude, IReadOnlyList<string> names, UnselectedResource resource)
    {
        // Both are evaluated, so that each pattern that matches is recorded as matching.
        var (isIn, isOut) = (include.Match(names, resource.Id), exclude.Match(names, resource.Id));
        if ((include.IsEmpty || isIn) && !isOut)
            return true;
        _unselected.Add(resource);
        return false;
    }

    /// <summary>A sentence for each pattern that matched nothing; kinds with the same pattern are named together.</summary>
    /// <param name="judge">Whether everything that the patterns of a kind could match was listed.</param>
    public IReadOnlyList<string> Doubts(Func<string?, bool> judge) =>
        [
            .. _patterns
                .Where(patterns => judge(patterns.Kind))
                .SelectMany(patterns => patterns.Unmatched.Select(pattern => (patterns.Parameter, patterns.Kind, Pattern: pattern)))
                .GroupBy(each => (each.Parameter, each.Pattern))
                .Select(group =>
                    Texts.Get(
                        "SelectionNoMatch",
                        group.Key.Pattern,
                        group.Key.Parameter,
                        string.Join(
                            ", ",
                            group.Select(each => each.Kind).OfType<string>().DefaultIfEmpty(Texts.Get("SelectionAllKinds")).Distinct()
                        )
                    )
                ),
        ];

    /// <summary>The names that a user can be selected by.</summary>
    public static IReadOnlyList<string> NamesOf(GraphUser user) => [user.UserPrincipalName];

    /// <summary>The names that a site can be selected by.</summary>
    public static IReadOnlyList<string> NamesOf(GraphSite site) =>
        [site.Title, site.WebUrl.AbsoluteUri.TrimEnd('/'), Uri.UnescapeDataString(site.WebUrl.AbsolutePath).TrimEnd('/')];

    /// <summary>Patterns of one parameter for one kind of resource.</summary>
    /// <param name="parameter">The cmdlet's parameter.</param>
    /// <param name="kind">The kind, or null for all.</param>
    /// <param name="patterns">The patterns.</param>
    internal sealed class Patterns(string parameter, string? kind, IReadOnlyList<string> patterns)
    {
        private readonly HashSet<string> _matched = new(StringComparer.Ordinal);

        public string Parameter => parameter;

        public string? Kind => kind;

        public bool IsEmpty => patterns.Count == 0;

        public IEnumerable<string> Unmatched => patterns.Where(pattern => !_matched.Contains(pattern)).Distinct();

        /// <summary>Whether one of the patterns matches one of the names, or is the id.</summary>
        public bool Match(IReadOnlyList<string> names, string id)
        {
            var any = false;
            foreach (var pattern in Matching(names, id))
            {
                any = true;
                _matched.Add(pattern);
            }

            return any;
        }

        private IEnumerable<string> Matching(IReadOnlyList<string> names, string id) =>
            patterns.Where(pattern =>
                names.Any(name => FileSystemName.MatchesSimpleExpression(pattern, name))
                || string.Equals(pattern, id, StringComparison.OrdinalIgnoreCase)
            );
    }
}
