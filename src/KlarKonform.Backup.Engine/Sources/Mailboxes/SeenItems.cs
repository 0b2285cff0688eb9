using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>Ids that a complete reading returned: sixteen bytes each, whatever their length. Not thread-safe.</summary>
internal sealed class SeenItems
{
    private readonly HashSet<UInt128> _ids = [];

    public void Add(string id) => _ids.Add(Hash(id));

    public bool Contains(string id) => _ids.Contains(Hash(id));

    private static UInt128 Hash(string id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
