using System.Collections;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes time zones by their IANA names; typing a city is enough.</summary>
public sealed class TimeZoneCompleter : ArgumentCompleterBase
{
    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound) =>
        [
            .. TimeZoneInfo
                .GetSystemTimeZones()
                .Select(zone =>
                    (
                        Id: zone.HasIanaId || !TimeZoneInfo.TryConvertWindowsIdToIanaId(zone.Id, out var iana) ? zone.Id : iana,
                        zone.DisplayName
                    )
                )
                .OrderBy(zone => zone.Id, StringComparer.Ordinal),
        ];
}
