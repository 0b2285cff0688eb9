namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>An item whose properties arrived in an unlikely form.</summary>
internal sealed class DoubtState
{
    /// <summary>The item's folder.</summary>
    public string Parent { get; set; } = "";

    /// <summary>A hash of what arrived: if it arrives again, it is accepted.</summary>
    public string Answer { get; set; } = "";
}
