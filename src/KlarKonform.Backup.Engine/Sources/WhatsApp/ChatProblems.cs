using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.WhatsApp;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp;

/// <summary>What a refused export, webhook or media file is reported as.</summary>
internal static class ChatProblems
{
    public static ItemProblem Of(WhatsAppException exception) => new(exception.Kind.ToString(), exception.Message, exception.Kind switch
    {
        WhatsAppErrorKind.NotAChat => "HintNotAChat",
        WhatsAppErrorKind.WrongEncoding => "HintWrongEncoding",
        WhatsAppErrorKind.Incomplete => "HintIncomplete",
        WhatsAppErrorKind.Dangerous => "HintDangerous",
        WhatsAppErrorKind.NotAWebhook => "HintNotAWebhook",
        WhatsAppErrorKind.Forged => "HintForged",
        WhatsAppErrorKind.AccessDenied => "HintChatAccess",
        _ => "HintRetry",
    }, !exception.IsPassing);
}
