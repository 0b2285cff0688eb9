namespace KlarKonform.Backup.Graph.Http;

/// <summary>Values of the <c>Prefer</c> header that Outlook supports.</summary>
internal static class OutlookPreferences
{
    /// <summary>Ids that survive moves inside the mailbox (concepts/outlook-immutable-id.md); must be sent with every request.</summary>
    public const string ImmutableIds = "IdType=\"ImmutableId\"";

    /// <summary>Bodies as they are stored, not cleaned for display.</summary>
    public const string UnsafeHtml = "outlook.allow-unsafe-html";
}
