using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KlarKonform.Backup.Engine.Restore.Folder;

/// <summary>The address book as CSV (RFC 4180) that a spreadsheet opens: UTF-8 with its mark, and the separator of the culture.</summary>
internal sealed class AddressBookFile(string path, bool overwrite) : CombinedFile(path, overwrite)
{
    private static readonly string[] s_columns =
    [
        "type", "displayName", "givenName", "surname", "mail", "userPrincipalName", "companyName", "department", "jobTitle", "officeLocation", "businessPhones", "mobilePhone",
        "streetAddress", "postalCode", "city", "country", "accountEnabled", "members", "id",
    ];

    private readonly string _separator = CultureInfo.CurrentCulture.TextInfo.ListSeparator;
    private bool _begun;

    /// <summary>The kind of the next entry: Users, Groups or Contacts.</summary>
    public string Kind { get; set; } = "";

    public override async Task AddAsync(byte[] content, DateTimeOffset time, CancellationToken cancellationToken)
    {
        if (!_begun)
            await WriteAsync("\uFEFF" + string.Join(_separator, s_columns) + "\r\n", cancellationToken).ConfigureAwait(false);
        _begun = true;
        using var json = JsonDocument.Parse(content);
        await WriteAsync(string.Join(_separator, s_columns.Select(column => Quote(column == "type" ? Kind : Text(json.RootElement, column)))) + "\r\n", cancellationToken).ConfigureAwait(false);
    }

    private static string Text(JsonElement entry, string column) => !entry.TryGetProperty(column, out var value) ? "" : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => value.ToString(),
        JsonValueKind.Array when column == "members" => value.GetArrayLength().ToString(CultureInfo.InvariantCulture),
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(each => each.ToString())),
        _ => "",
    };

    // A cell that begins like a formula is none: a name from the cloud must not become a command in a spreadsheet.
    private string Quote(string text)
    {
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' && !text[1..].All(character => char.IsAsciiDigit(character) || character is ' ' or '-' or '/' or '(' or ')'))
            text = "'" + text;
        return text.Contains(_separator, StringComparison.Ordinal) || text.AsSpan().IndexOfAny("\"\r\n,;") >= 0 ? new StringBuilder("\"").Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"').ToString() : text;
    }
}
