namespace KlarKonform.Backup.Benchmarks.Scale;

/// <summary>What a run over a tenant takes, by the limit that binds each part. Hours, requests, bytes.</summary>
/// <param name="Name">Which run.</param>
/// <param name="Workers">Processes that share it.</param>
internal sealed record ScaleRun(string Name, int Workers)
{
    /// <summary>Hours that mailboxes take: limited by their own quotas, and by the slots of the workers.</summary>
    public double MailHours { get; init; }

    /// <summary>Hours that drives take, limited by SharePoint's resource units.</summary>
    public double UnitHours { get; init; }

    /// <summary>Hours, limited by the workers' processors.</summary>
    public double CpuHours { get; init; }

    /// <summary>Hours, limited by the workers' lines, in and out.</summary>
    public double LineHours { get; init; }

    public double Hours => new[] { MailHours, UnitHours, CpuHours, LineHours }.Max();

    public string BoundBy =>
        Hours switch
        {
            var hours when hours == UnitHours => "SharePoint's units",
            var hours when hours == LineHours => "lines",
            var hours when hours == CpuHours => "processors",
            _ => "mailboxes",
        };

    /// <summary>Requests to Graph.</summary>
    public double Requests { get; init; }

    /// <summary>Bytes written to the repository.</summary>
    public double BytesStored { get; init; }

    /// <summary>Objects written to the repository.</summary>
    public double Puts { get; init; }

    /// <summary>Listings and objects read.</summary>
    public double Gets { get; init; }

    /// <summary>Bytes of memory of a worker, including the part of the repository's index that it needs.</summary>
    public double Memory { get; init; }
}
