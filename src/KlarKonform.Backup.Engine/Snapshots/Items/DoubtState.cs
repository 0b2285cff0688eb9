namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>An item whose properties arrived in an unlikely form.</summary>
internal sealed class DoubtState
{
    /// <summary>The item's folder.</summary>
    public string Parent { get; set; } = "";

    /// <summary>What arrived, as a hash: when it arrives again, it is so.</summary>
    public string Answer { get; set; } = "";
}
