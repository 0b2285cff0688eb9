using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Browsing;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>The address book as a table.</summary>
internal sealed class AddressBookFile(string path, bool overwrite) : CsvFile(path, overwrite, s_columns)
{
    private static readonly string[] s_columns =
    [
        "type",
        "displayName",
        "givenName",
        "surname",
        "mail",
        "userPrincipalName",
        "companyName",
        "department",
        "jobTitle",
        "officeLocation",
        "businessPhones",
        "mobilePhone",
        "streetAddress",
        "postalCode",
        "city",
        "country",
        "accountEnabled",
        "members",
        "id",
    ];

    /// <summary>The kind of the next entry: Users, Groups or Contacts.</summary>
    public string Kind { get; set; } = "";

    protected override void Write(MemoryStream target, byte[] content, DateTimeOffset time)
    {
        using var json = StoredJson.Parse(content);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw new FormatException(Texts.Get("RestoreNoEntry"));
        WriteRow(target, s_columns.Select(column => column == "type" ? Kind : Text(json.RootElement, column)));
    }

    private static string Text(JsonElement entry, string column) =>
        !entry.TryGetProperty(column, out var value)
            ? ""
            : value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                JsonValueKind.Number => value.ToString(),
                JsonValueKind.Array when column == "members" => value.GetArrayLength().ToString(CultureInfo.InvariantCulture),
                JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(each => each.ToString())),
                _ => "",
            };
}
