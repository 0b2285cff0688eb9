namespace KlarKonform.Backup.Engine.Configuration;

/// <summary>The rules for the fields of one section of a configuration; a refusal names the field by its full path.</summary>
/// <param name="Configuration">The configuration's name.</param>
/// <param name="Section">The section's path, empty for the whole configuration.</param>
internal readonly record struct FieldRules(string Configuration, string Section)
{
    /// <summary>The rules of a section of this one.</summary>
    public FieldRules Below(string section) => this with { Section = PathOf(section) };

    /// <summary>Refuses a field, or the section itself if the name is empty.</summary>
    /// <exception cref="BackupException">ConfigurationFieldInvalid, with the field and the fix.</exception>
    public void Refuse(string field, string text, params object?[] arguments) =>
        throw new BackupException(
            ErrorIds.ConfigurationFieldInvalid,
            BackupErrorCategory.InvalidArgument,
            Configuration,
            Configuration,
            PathOf(field),
            Texts.Get(text, arguments)
        );

    /// <summary>Requires a text.</summary>
    public void Demand(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            Refuse(field, "FieldMissing");
    }

    /// <summary>Checks a reference to a secret: a vault and a secret's name, never the secret itself.</summary>
    public void Secret(string field, string? value, bool needed)
    {
        if (needed)
            Demand(field, value);
        if (value is not null && !(value.IndexOf('/', StringComparison.Ordinal) > 0 && !value.EndsWith('/')))
            Refuse(field, "FieldSecretReference", value);
    }

    /// <summary>Checks an address: HTTPS, or HTTP on this machine.</summary>
    public void Secure(string field, Uri? value, bool needed)
    {
        if (value is null && needed)
            Refuse(field, "FieldMissing");
        if (
            value is not null
            && !(value.IsAbsoluteUri && (value.Scheme == Uri.UriSchemeHttps || (value.Scheme == Uri.UriSchemeHttp && value.IsLoopback)))
        )
            Refuse(field, "FieldHttps", Shown(value));
    }

    /// <summary>
    /// Checks that an address has no user name or password: a file is not a vault, and the connecting code does not look for them there.
    /// </summary>
    public void Anonymous(string field, Uri? value)
    {
        if (value is { IsAbsoluteUri: true, UserInfo.Length: > 0 })
            Refuse(field, "FieldUserInfo");
    }

    /// <summary>An address as it may be shown: without a password that someone wrote into it.</summary>
    public static string Shown(Uri value)
    {
        var text = value.OriginalString;
        return text.LastIndexOf('@') is >= 0 and var at ? "…" + text[at..] : text;
    }

    private string PathOf(string field) =>
        Section.Length == 0 ? field
        : field.Length == 0 ? Section
        : $"{Section}.{field}";
}
