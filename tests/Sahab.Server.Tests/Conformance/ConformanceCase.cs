using Sahab.Emulator.Faults;

namespace Sahab.Server.Tests.Conformance;

/// <summary>What is asked, and how the answer is judged, whatever API it was asked in and whatever cloud answered.</summary>
/// <param name="Id">Its name in the matrix, such as <c>tools-parallel</c>.</param>
/// <param name="Judge">Throws where the answer is wrong. The second argument: whether it was streamed.</param>
internal sealed record ConformanceCase(string Id, Talk Talk, Action<Heard, bool> Judge)
{
    /// <summary>What the cloud is made to do meanwhile; its name is filled in.</summary>
    public FaultSpec? Fault { get; init; }

    /// <summary>Null: both ways.</summary>
    public bool? Streamed { get; init; }

    /// <summary>Where the case begins with another call, what is made of that call's answer.</summary>
    public Func<Heard, Talk>? Then { get; init; }
}
