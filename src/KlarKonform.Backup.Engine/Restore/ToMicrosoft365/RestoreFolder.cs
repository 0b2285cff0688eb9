namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>A folder of the source.</summary>
/// <param name="Id">Its id at the source.</param>
/// <param name="Name">Its name as people see it, which may not be valid as a file name.</param>
/// <param name="Type">What it is: mailFolder, calendar, contactFolder, driveItem, drive, site …</param>
internal sealed record RestoreFolder(string Id, string Name, string Type);
