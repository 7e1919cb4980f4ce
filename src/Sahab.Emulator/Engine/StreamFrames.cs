using System.Buffers;

namespace Sahab.Emulator.Engine;

/// <summary>How a dialect writes a streamed answer. Usage is what a frame may tell; null where it must not.</summary>
internal interface IStreamFrames
{
    /// <summary>What comes before the first token.</summary>
    void Open(IBufferWriter<byte> to, Usage? running);

    /// <summary>One token of one choice; <paramref name="index"/> is its position in the choice.</summary>
    void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running);

    /// <summary>Finish reasons, usage if asked for, and the terminator.</summary>
    void Close(IBufferWriter<byte> to, Usage? total);

    /// <summary>An error in the middle of the stream, with the dialect's way to end after it.</summary>
    void Fail(IBufferWriter<byte> to, string message);
}
