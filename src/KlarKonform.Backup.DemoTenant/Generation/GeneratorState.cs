using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>What all generators share: the tenant, its sizes, randomness, ids, and the clock of the generated world.</summary>
internal sealed class GeneratorState(DemoTenantModel tenant, TenantSizes sizes)
{
    private long _nextId;

    public DemoTenantModel Tenant => tenant;

    public TenantSizes Sizes => sizes;

    public Random Random { get; } = new(sizes.Seed);

    public DateTimeOffset Now { get; set; } = new(sizes.Year, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public string Id(string prefix) => $"{prefix}{sizes.Seed:X4}{++_nextId:X10}";

    public string Guid()
    {
        var bytes = new byte[16];
        Random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }

    public T Pick<T>(IReadOnlyList<T> from) => from[Random.Next(from.Count)];
}
