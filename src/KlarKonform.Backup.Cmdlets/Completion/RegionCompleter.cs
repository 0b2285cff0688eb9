using System.Collections;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes regions of S3; other providers have names of their own, which can be typed.</summary>
public sealed class RegionCompleter : ArgumentCompleterBase
{
    // "Regional endpoints" in the AWS General Reference.
    private static readonly (string, string)[] s_regions =
    [
        ("eu-central-1", "Frankfurt"),
        ("eu-central-2", "Zürich"),
        ("eu-north-1", "Stockholm"),
        ("eu-south-1", "Milano"),
        ("eu-south-2", "España"),
        ("eu-west-1", "Ireland"),
        ("eu-west-2", "London"),
        ("eu-west-3", "Paris"),
        ("us-east-1", "N. Virginia"),
        ("us-east-2", "Ohio"),
        ("us-west-1", "N. California"),
        ("us-west-2", "Oregon"),
        ("ca-central-1", "Canada"),
        ("ca-west-1", "Calgary"),
        ("sa-east-1", "São Paulo"),
        ("af-south-1", "Cape Town"),
        ("ap-east-1", "Hong Kong"),
        ("ap-south-1", "Mumbai"),
        ("ap-south-2", "Hyderabad"),
        ("ap-northeast-1", "Tokyo"),
        ("ap-northeast-2", "Seoul"),
        ("ap-northeast-3", "Osaka"),
        ("ap-southeast-1", "Singapore"),
        ("ap-southeast-2", "Sydney"),
        ("ap-southeast-3", "Jakarta"),
        ("ap-southeast-4", "Melbourne"),
        ("il-central-1", "Tel Aviv"),
        ("me-central-1", "UAE"),
        ("me-south-1", "Bahrain"),
    ];

    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound) => s_regions;
}
