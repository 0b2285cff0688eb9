using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>A personal contact as vCard: a readable copy. What vCard cannot express is only in the JSON file.</summary>
internal static class ContactCard
{
    public static byte[] Write(JsonElement contact, string id, byte[]? photo)
    {
        var card = new VCard()
            .AddUri("UID", "urn:klarkonform:" + Uri.EscapeDataString(id))
            .Add("FN", Name(contact))
            .AddParts(
                "N",
                contact.Text("surname"),
                contact.Text("givenName"),
                contact.Text("middleName"),
                contact.Text("title"),
                contact.Text("generation")
            )
            .AddList("NICKNAME", [contact.Text("nickName")])
            .AddParts("ORG", contact.Text("companyName"), contact.Text("department"))
            .Add("TITLE", contact.Text("jobTitle"))
            .Add("ROLE", contact.Text("profession"))
            .Add("NOTE", contact.Text("personalNotes"))
            .AddUri("URL", contact.Text("businessHomePage"))
            .AddList("CATEGORIES", Texts(contact, "categories"))
            .Add("RELATED;TYPE=spouse;VALUE=text", contact.Text("spouseName"))
            .Add("RELATED;TYPE=agent;VALUE=text", contact.Text("assistantName"))
            .Add("X-MANAGER", contact.Text("manager"));
        foreach (var mail in contact.Array("emailAddresses"))
            card.Add("EMAIL", mail.Text("address"));
        foreach (var (name, type) in ((string, string)[])[("businessPhones", "work,voice"), ("homePhones", "home,voice")])
        {
            foreach (var phone in Texts(contact, name))
                card.Add($"TEL;TYPE=\"{type}\"", phone);
        }

        card.Add("TEL;TYPE=cell", contact.Text("mobilePhone"));
        foreach (var messenger in Texts(contact, "imAddresses"))
            card.AddUri("IMPP", messenger.Contains(':', StringComparison.Ordinal) ? messenger : "sip:" + messenger);
        foreach (var (name, type) in ((string, string)[])[("businessAddress", "work"), ("homeAddress", "home"), ("otherAddress", "")])
        {
            var address = contact.Object(name);
            card.AddParts(
                type.Length > 0 ? $"ADR;TYPE={type}" : "ADR",
                "",
                "",
                address.Text("street"),
                address.Text("city"),
                address.Text("state"),
                address.Text("postalCode"),
                address.Text("countryOrRegion")
            );
        }

        foreach (var child in Texts(contact, "children"))
            card.Add("RELATED;TYPE=child;VALUE=text", child);
        if (
            contact.Time("birthday") is var birthday
            && birthday > DateTimeOffset.UnixEpoch.AddYears(-150)
            && contact.Text("birthday").Length > 0
        )
            card.Add("BDAY", birthday.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture));
        if (contact.Text("lastModifiedDateTime").Length > 0)
            card.Add(
                "REV",
                contact.Time("lastModifiedDateTime").UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)
            );
        return card.AddPhoto(photo).ToBytes();
    }

    /// <summary>The display name; FN must not be empty.</summary>
    public static string Name(JsonElement contact)
    {
        var mail = contact.Array("emailAddresses").Select(each => each.Text("address")).FirstOrDefault(each => each.Length > 0);
        return (
                (string?[])
                    [
                        contact.Text("displayName"),
                        $"{contact.Text("givenName")} {contact.Text("surname")}".Trim(),
                        contact.Text("companyName"),
                        mail,
                    ]
            ).FirstOrDefault(name => name is { Length: > 0 }) ?? "-";
    }

    private static IEnumerable<string> Texts(JsonElement item, string name) =>
        item.Array(name).Where(each => each.ValueKind == JsonValueKind.String).Select(each => each.GetString()!);
}
