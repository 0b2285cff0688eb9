using System.Text.Json;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>
/// Users, organisational contacts and groups of the address book as vCards; a group is a card of kind "group" with its members.
/// </summary>
internal static class DirectoryCard
{
    public static byte[] Write(JsonElement entry, string id, byte[]? photo)
    {
        var card = new VCard()
            .Add("KIND", entry.TryGetProperty("members", out _) || entry.TryGetProperty("groupTypes", out _) ? "group" : "individual")
            .AddUri("UID", Urn(id))
            .Add(
                "FN",
                ((string[])[entry.Text("displayName"), entry.Text("mail"), entry.Text("userPrincipalName"), id]).First(name =>
                    name.Length > 0
                )
            )
            .AddParts("N", entry.Text("surname"), entry.Text("givenName"), "", "", "")
            .Add("EMAIL", entry.Text("mail"))
            .AddParts("ORG", entry.Text("companyName"), entry.Text("department"), entry.Text("officeLocation"))
            .Add("TITLE", entry.Text("jobTitle"))
            .Add("NOTE", entry.Text("description"))
            .Add("TEL;TYPE=cell", entry.Text("mobilePhone"))
            .Add("TEL;TYPE=\"work,fax\"", entry.Text("faxNumber"))
            .AddParts(
                "ADR;TYPE=work",
                "",
                "",
                entry.Text("streetAddress"),
                entry.Text("city"),
                entry.Text("state"),
                entry.Text("postalCode"),
                entry.Text("country")
            );
        foreach (var phone in entry.Array("businessPhones").Where(each => each.ValueKind == JsonValueKind.String))
            card.Add("TEL;TYPE=\"work,voice\"", phone.AsText());
        foreach (var phone in entry.Array("phones"))
            card.Add(
                phone.Text("type") switch
                {
                    "mobile" => "TEL;TYPE=cell",
                    "businessFax" => "TEL;TYPE=\"work,fax\"",
                    _ => "TEL;TYPE=\"work,voice\"",
                },
                phone.Text("number")
            );
        foreach (var address in entry.Array("addresses"))
            card.AddParts(
                "ADR;TYPE=work",
                "",
                "",
                address.Text("street"),
                address.Text("city"),
                address.Text("state"),
                address.Text("postalCode"),
                address.Text("countryOrRegion")
            );
        foreach (var member in entry.Array("members"))
            card.AddUri("MEMBER", Urn(member.Text("id")));
        return card.AddPhoto(photo).ToBytes();
    }

    private static string Urn(string id) => "urn:uuid:" + id;
}
