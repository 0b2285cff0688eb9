namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// Names that SharePoint accepts ("Restrictions and limitations in OneDrive and SharePoint"): it refuses some that older systems allowed.
/// </summary>
internal static class DriveName
{
    private static readonly System.Buffers.SearchValues<char> s_forbidden = System.Buffers.SearchValues.Create("\"*:<>?/\\|");

    /// <summary>The name itself if it is valid, otherwise the nearest valid one.</summary>
    public static string From(string name)
    {
        var legal = string.Concat(name.Select(character => s_forbidden.Contains(character) || char.IsControl(character) ? '_' : character))
            .Trim()
            .TrimEnd('.', ' ');
        if (legal.StartsWith("~$", StringComparison.Ordinal))
            legal = "_" + legal;
        return legal.Length > 0 ? legal : "_";
    }
}
