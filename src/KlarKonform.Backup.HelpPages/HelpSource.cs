using System.Xml.Linq;

namespace KlarKonform.Backup.HelpPages;

/// <summary>The help texts in one language.</summary>
internal sealed class HelpSource(string file)
{
    private readonly XElement _root = XDocument.Load(file).Root!;

    /// <summary>Everything about a cmdlet, including the parameters that it shares with others.</summary>
    public CommandHelp Of(string name)
    {
        var cmdlet =
            _root.Elements("cmdlet").SingleOrDefault(each => (string?)each.Attribute("name") == name)
            ?? throw new InvalidOperationException($"{file} does not explain {name}.");
        var shared = _root
            .Elements("shared")
            .Where(each => (string?)each.Attribute("for") == (string?)cmdlet.Attribute("shares"))
            .SelectMany(each => each.Elements("parameter"));
        return new CommandHelp(
            cmdlet.Element("synopsis")!.Value,
            cmdlet.Element("description")!.Value,
            cmdlet
                .Elements("parameter")
                .Concat(shared)
                .DistinctBy(each => (string)each.Attribute("name")!)
                .ToDictionary(each => (string)each.Attribute("name")!, each => each.Value),
            [.. cmdlet.Elements("example").Select(each => ((string)each.Attribute("title")!, each.Value))]
        );
    }
}
