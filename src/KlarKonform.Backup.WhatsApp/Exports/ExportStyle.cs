namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>How an export separates the time from the message.</summary>
public enum ExportStyle
{
    /// <summary>iOS: <c>[24.11.26, 13:05:09] Name: text</c>.</summary>
    Bracket,

    /// <summary>Android: <c>24.11.26, 13:05 - Name: text</c>.</summary>
    Dash,

    /// <summary>Old iOS: <c>24.11.16, 13:05:09: Name: text</c>.</summary>
    Colon,
}
