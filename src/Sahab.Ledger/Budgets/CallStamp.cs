using System.Buffers.Binary;

namespace Sahab.Ledger.Budgets;

/// <summary>When a call began, by which budgets count it: as its id says, so that who admits it and who posts it agree.</summary>
public static class CallStamp
{
    const int VersionByte = 6;
    const int TimeOrdered = 7;
    const long UsPerMs = 1000;

    /// <summary>Microseconds since 1970, UTC; whole milliseconds where the id tells them.</summary>
    /// <param name="call">The call's id; one of UUIDv7 tells when it was made.</param>
    /// <param name="otherwise">What it is for a call whose id tells nothing.</param>
    public static long Of(Guid call, long otherwise)
    {
        Span<byte> bytes = stackalloc byte[16];
        call.TryWriteBytes(bytes, bigEndian: true, out _);
        return bytes[VersionByte] >> 4 == TimeOrdered
            ? (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16) * UsPerMs
            : otherwise;
    }
}
