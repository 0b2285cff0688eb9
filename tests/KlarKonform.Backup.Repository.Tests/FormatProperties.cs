using System.Buffers;
using CsCheck;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Repository.Tests;

public sealed class FormatProperties
{
    private static readonly Gen<Node> s_node = Gen.Select(
        Gen.String[1, 40],
        Gen.ULong,
        Gen.Byte.Array[0, 30],
        Gen.Long[0, 10_000_000_000_000_000],
        (name, size, attribute, time) =>
            Node.NewFile(Valid(name), size, [BlobId.Of(attribute)], DateTimeOffset.UnixEpoch.AddTicks(time)) with
            {
                ExtendedAttributes = [new ExtendedAttribute("user.klarkonform", attribute)],
            }
    );

    [Fact]
    public void Any_tree_reads_back_as_it_was_written() =>
        s_node
            .Array[0, 20]
            .Sample(nodes =>
            {
                var sorted = nodes.DistinctBy(node => node.Name).OrderBy(node => node.Name, TreeJson.NameOrder).ToArray();
                var json = new ArrayBufferWriter<byte>();
                TreeJson.Write(json, sorted);
                var again = new ArrayBufferWriter<byte>();
                var read = TreeJson.Read(json.WrittenSpan);
                TreeJson.Write(again, read);
                return json.WrittenSpan.SequenceEqual(again.WrittenSpan)
                    && read.Select(node => node.Name).SequenceEqual(sorted.Select(node => node.Name));
            });

    [Fact]
    public void Name_order_is_the_order_of_the_names_bytes() =>
        Gen.Select(Gen.String[0, 12], Gen.String[0, 12])
            .Sample(
                (left, right) =>
                {
                    var (a, b) = (Valid(left), Valid(right));
                    var bytes = System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b));
                    return Math.Sign(TreeJson.NameOrder.Compare(a, b)) == Math.Sign(bytes);
                }
            );

    [Fact]
    public void What_is_sealed_opens_and_a_flipped_bit_does_not()
    {
        using var key = CryptoKey.Generate();
        Gen.Select(Gen.Byte.Array[0, 40_000], Gen.UInt)
            .Sample(
                (plain, position) =>
                {
                    var stored = new byte[plain.Length + CryptoKey.Overhead];
                    key.Seal(plain, stored);
                    var opened = new byte[stored.Length];
                    var length = key.Open(stored, opened);
                    Assert.Equal(plain, opened[..length]);
                    stored[position % stored.Length] ^= 4;
                    Assert.Throws<RepositoryException>(() => key.Open(stored, opened));
                },
                iter: 200
            );
    }

    [Fact]
    public void The_authentication_code_is_the_one_of_an_independent_Poly1305() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Byte.Array[16], Gen.Byte.Array[16], Gen.Bool)
            .Sample(
                (plain, k, r, extreme) =>
                {
                    // A value of all ones carries through every limb.
                    r = extreme ? [.. Enumerable.Repeat((byte)255, 16)] : r;
                    using var key = new CryptoKey(new byte[32], k, r);
                    var stored = new byte[plain.Length + CryptoKey.Overhead];
                    key.Seal(plain, stored);
                    using var aes = System.Security.Cryptography.Aes.Create();
                    aes.Key = k;
                    byte[] mask = [255, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15];
                    byte[] clamped =
                    [
                        .. r.Zip(mask, (value, kept) => (byte)(value & kept)),
                        .. aes.EncryptEcb(stored.AsSpan(0, 16), System.Security.Cryptography.PaddingMode.None),
                    ];
                    var reference = new Org.BouncyCastle.Crypto.Macs.Poly1305();
                    reference.Init(new Org.BouncyCastle.Crypto.Parameters.KeyParameter(clamped));
                    reference.BlockUpdate(stored.AsSpan(16, plain.Length));
                    var expected = new byte[16];
                    reference.DoFinal(expected, 0);
                    return stored.AsSpan(stored.Length - 16).SequenceEqual(expected);
                },
                iter: 5000
            );

    [Theory]
    [InlineData("2026-11-24T13:05:09Z")]
    [InlineData("2026-11-24T13:05:09.1Z")]
    [InlineData("2026-11-24T13:05:09.123456789+01:00")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("2026-11-24T13:05:09.00000001-03:30")]
    public void Times_keep_their_nanoseconds_and_their_offset(string text) => Assert.Equal(text, NanoTime.Parse(text).ToString());

    // Unpaired surrogates are not text; every source replaces them before they become names.
    private static string Valid(string text) =>
        System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text.Length == 0 ? "x" : text));
}
