namespace KlarKonform.Backup.Engine.Sources.Shapes;

/// <summary>The shapes of Graph's resources (api-reference v1.0, resources/*), as far as sources request them.</summary>
internal static class GraphShapes
{
    private const string Importance = "{low|normal|high}";

    /// <summary>A message as MailApi selects it (resources/message).</summary>
    public static EntryShape Message { get; } =
        new(
            """
            changeKey:s! subject:s? receivedDateTime:t! sentDateTime:t? createdDateTime:t? lastModifiedDateTime:t? internetMessageId:s?
            conversationId:s? parentFolderId:s!
            isRead:b! isDraft:b? importance:{low|normal|high}? inferenceClassification:{focused|other}? hasAttachments:b? categories:a?
            flag:o? from:o? sender:o?
            toRecipients:a? ccRecipients:a? bccRecipients:a? replyTo:a- bodyPreview:s- isReadReceiptRequested:b?
            isDeliveryReceiptRequested:b?
            """
        );

    /// <summary>A mail folder (resources/mailFolder).</summary>
    public static EntryShape MailFolder { get; } =
        new("id:s! displayName:s! parentFolderId:s! childFolderCount:n- unreadItemCount:n- totalItemCount:n- isHidden:b-");

    /// <summary>A contact folder (resources/contactFolder).</summary>
    public static EntryShape ContactFolder { get; } = new("id:s! displayName:s! parentFolderId:s!");

    /// <summary>A calendar (resources/calendar).</summary>
    public static EntryShape Calendar { get; } = new("id:s! name:s! owner:o-");

    /// <summary>An event as CalendarApi selects it (resources/event).</summary>
    public static EntryShape Event { get; } =
        new(
            $$"""
            changeKey:s! subject:s? type:{singleInstance|occurrence|exception|seriesMaster}! start:o! end:o! body:o? bodyPreview:s?
            iCalUId:s? isAllDay:b! isCancelled:b?
            categories:a? attendees:a? organizer:o? location:o? hasAttachments:b? importance:{{Importance}}?
            sensitivity:{normal|personal|private|confidential}?
            showAs:{unknown|free|tentative|busy|oof|workingElsewhere}? isReminderOn:b? reminderMinutesBeforeStart:n? recurrence:o?
            createdDateTime:t? lastModifiedDateTime:t?
            responseRequested:b? isOnlineMeeting:b? originalStart:t- exceptionOccurrences:a- cancelledOccurrences:a-
            """
        );

    /// <summary>A contact (resources/contact).</summary>
    public static EntryShape Contact { get; } =
        new(
            """
            changeKey:s! displayName:s- givenName:s- surname:s- middleName:s- nickName:s- title:s- companyName:s- department:s-
            jobTitle:s- emailAddresses:a-
            businessPhones:a- homePhones:a- mobilePhone:s- categories:a- birthday:d- homeAddress:o- businessAddress:o- otherAddress:o-
            personalNotes:s-
            createdDateTime:t- lastModifiedDateTime:t- parentFolderId:s! spouseName:s- children:a- imAddresses:a- officeLocation:s-
            fileAs:s-
            """
        );

    /// <summary>A file, folder, package or shortcut (resources/driveItem).</summary>
    public static EntryShape DriveItem { get; } =
        new(
            """
            name:s! parentReference:o! eTag:s? lastModifiedDateTime:t? createdDateTime:t- fileSystemInfo:o- size:n- file:o- folder:o-
            package:o- remoteItem:o- shared:o-
            """
        );

    /// <summary>A row of a list (resources/listItem).</summary>
    public static EntryShape ListItem { get; } =
        new("fields:o! eTag:s? lastModifiedDateTime:t? createdDateTime:t- createdBy:o- lastModifiedBy:o- contentType:o- webUrl:s-");

    /// <summary>A page (resources/sitePage).</summary>
    public static EntryShape Page { get; } =
        new("name:s! eTag:s! title:s- lastModifiedDateTime:t- createdDateTime:t- webUrl:s- canvasLayout:o-");

    /// <summary>A user, organisational contact or group of the address book.</summary>
    public static EntryShape DirectoryEntry { get; } =
        new(
            """
            displayName:s- givenName:s- surname:s- mail:s- mailNickname:s- userPrincipalName:s- proxyAddresses:a- otherMails:a-
            imAddresses:a- accountEnabled:b- userType:s-
            jobTitle:s- department:s- companyName:s- officeLocation:s- businessPhones:a- phones:a- addresses:a- mobilePhone:s-
            faxNumber:s- streetAddress:s- city:s- state:s-
            postalCode:s- country:s- usageLocation:s- preferredLanguage:s- showInAddressList:b- assignedLicenses:a- groupTypes:a-
            mailEnabled:b- securityEnabled:b-
            visibility:s- description:s- employeeId:s- members@delta:a-
            """
        );
}
