using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;

/// <summary>How a refused export, webhook or media file is reported.</summary>
internal static class ChatProblems
{
    public static ItemProblem Of(WhatsAppException exception) =>
        new(
            exception.Kind.ToString(),
            exception.Message,
            exception.Kind switch
            {
                WhatsAppErrorKind.NotAChat => "HintNotAChat",
                WhatsAppErrorKind.WrongEncoding => "HintWrongEncoding",
                WhatsAppErrorKind.UnknownTimes => "HintUnknownTimes",
                WhatsAppErrorKind.Incomplete => "HintIncomplete",
                WhatsAppErrorKind.Dangerous => "HintDangerous",
                WhatsAppErrorKind.NotAWebhook => "HintNotAWebhook",
                WhatsAppErrorKind.Forged => "HintForged",
                WhatsAppErrorKind.AccessDenied => "HintChatAccess",
                _ => "HintRetry",
            },
            !exception.IsPassing
        );

    /// <summary>How a refused entry of a ZIP is reported.</summary>
    public static ItemProblem Of(ZipRefusal refusal) =>
        new(
            $"Entry{refusal}",
            refusal switch
            {
                ZipRefusal.LeadsOut => "The entry's name leads out of the ZIP.",
                ZipRefusal.BadName => "The entry's name is none.",
                ZipRefusal.Encrypted => "The entry is encrypted.",
                _ => "The entry unpacks to more than a hundred times its size.",
            },
            "HintDangerousEntry",
            IsPermanent: true
        );
}
