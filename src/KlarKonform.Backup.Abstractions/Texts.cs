using System.Globalization;
using System.Resources;

namespace KlarKonform.Backup;

/// <summary>The catalog of all texts for users: Texts.resx in English, Texts.de.resx in German. The UI culture decides.</summary>
public static class Texts
{
    private static readonly ResourceManager s_catalog = new("KlarKonform.Backup.Texts", typeof(Texts).Assembly);

    /// <summary>A text with its placeholders filled in.</summary>
    /// <exception cref="MissingManifestResourceException">There is no such text: a defect in this product.</exception>
    public static string Get(string key, params object?[] arguments)
    {
        var text =
            s_catalog.GetString(key, CultureInfo.CurrentUICulture)
            ?? throw new MissingManifestResourceException($"The text '{key}' is missing.");
        return arguments.Length == 0 ? text : string.Format(CultureInfo.CurrentCulture, text, arguments);
    }

    /// <summary>Whether the catalog has a text.</summary>
    public static bool Has(string key) => s_catalog.GetString(key, CultureInfo.InvariantCulture) is not null;
}
