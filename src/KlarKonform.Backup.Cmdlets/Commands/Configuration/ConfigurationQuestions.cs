using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Net;
using System.Security;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <summary>Asks for what a new configuration needs and was not given. Pipeline thread only.</summary>
internal sealed class ConfigurationQuestions(PSHostUserInterface ui, string name)
{
    private bool _greeted;

    /// <summary>A text; asked for again until there is one.</summary>
    public string Text(string key)
    {
        while (true)
        {
            if (Ask(key, typeof(string)) is string { Length: > 0 } text && !string.IsNullOrWhiteSpace(text))
                return text.Trim();
        }
    }

    /// <summary>A secret; asked for again until there is one.</summary>
    public SecureString Secret(string key)
    {
        while (true)
        {
            if (Ask(key, typeof(SecureString)) is SecureString { Length: > 0 } secret)
                return secret;
        }
    }

    /// <summary>A new password, twice: a typing error would lock the admin out of the backup.</summary>
    public SecureString NewPassword(string key)
    {
        while (true)
        {
            var password = Secret(key);
            if (new NetworkCredential("", password).Password == new NetworkCredential("", Secret(key + "Again")).Password)
                return password;
            ui.WriteLine(Texts.Get("Ask_Different"));
        }
    }

    private object? Ask(string key, Type type)
    {
        var field = new FieldDescription(Texts.Get(key)) { IsMandatory = true };
        field.SetParameterType(type);
        var answer = ui.Prompt(
            _greeted ? "" : Texts.Get("Ask_Caption", name),
            Texts.Get(key + "Help"),
            new Collection<FieldDescription> { field }
        );
        _greeted = true;

        // A user who ends the input (Ctrl+Z, a closed window) does not want a configuration.
        return answer is { Count: > 0 } ? answer.Values.First()?.BaseObject : throw new PipelineStoppedException();
    }
}
