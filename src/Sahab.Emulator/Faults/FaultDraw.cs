using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Faults;

/// <summary>Where an answer breaks off, and how.</summary>
internal readonly record struct AnswerBreak(FaultKind Kind, int? AfterTokens);

/// <summary>
/// The faults that strike one call, drawn when it begins. Of two that exclude each other, the first wins.
/// </summary>
internal readonly record struct FaultDraw
{
    public bool Down { get; init; }

    public double SlowFactor { get; init; }

    public FaultSpec? Throttle { get; init; }

    public FaultSpec? Error { get; init; }

    public AnswerBreak? Break { get; init; }

    public FaultSpec? WrongUsage { get; init; }

    public static FaultDraw Nothing => new() { SlowFactor = 1 };

    public FaultDraw With(FaultSpec spec) => spec.Kind switch
    {
        FaultKind.Down => this with { Down = true },
        FaultKind.Slow => this with { SlowFactor = SlowFactor * (spec.Factor ?? 5) },
        FaultKind.Throttle => this with { Throttle = Throttle ?? spec },
        FaultKind.Error => this with { Error = Error ?? spec },
        FaultKind.WrongUsage => this with { WrongUsage = WrongUsage ?? spec },
        _ => this with { Break = Break ?? new AnswerBreak(spec.Kind, spec.AfterTokens) },
    };

    /// <summary>The figure that the bill shows for what was served.</summary>
    public Usage ToBilled(Usage served) =>
        WrongUsage is { Mode: WrongUsageMode.Inflated } spec ? Multiply(served, spec) : served;

    /// <summary>The figure that the response shows for what was served; null for none.</summary>
    public Usage? ToReported(Usage served) => WrongUsage switch
    {
        null => served,
        { Mode: WrongUsageMode.Missing } => null,
        var spec => Multiply(served, spec),
    };

    static Usage Multiply(Usage served, FaultSpec spec)
    {
        var output = (long)Math.Ceiling(served.Output * (spec.Factor ?? 1.5));
        return served with { Output = output, Reasoning = Math.Min(served.Reasoning, output) };
    }
}
