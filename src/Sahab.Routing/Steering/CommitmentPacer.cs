namespace Sahab.Routing.Steering;

/// <summary>How a commitment's window stands, for its pacer. Amounts are in one currency.</summary>
public readonly record struct CommitmentPace
{
    /// <summary>What is to be drawn by the window's end. At least 0.</summary>
    public required double Target { get; init; }

    /// <summary>What counts toward it by now. At least 0.</summary>
    public required double Drawn { get; init; }

    /// <summary>When it ends, in milliseconds of the pacer's clock.</summary>
    public required double UntilMs { get; init; }
}

/// <summary>
/// Finds λ, the share of its price that a commitment owes anyway. What can be won for it is what calls that are paid by
/// the token, and that its deployments have room for, would cost there. Until the target is met λ is as high as it takes
/// to win all of that and no higher, so that capacity that is paid for already keeps its calls. Where all of it will not be
/// enough λ goes on to rise in time, and draws calls off that capacity too. Once the target is met it is 0.
/// </summary>
/// <remarks>
/// What is owed anyway is spent first: over a window it costs the same as spending it evenly, and nothing is lost if less
/// comes than was thought. It integrates over what was at stake, not over time: at night, when nothing is paid by the
/// token, nothing is held against the commitment. Whether all will be enough is forecast from what came in the last week,
/// so that a night and a weekend count as one. To draw calls off paid capacity is put off while half of what that will
/// serve would do: it is dear, costs no more later, and is not needed at all if more comes than was thought. Not
/// thread-safe.
/// </remarks>
/// <param name="day">How long a day is: traffic repeats itself after seven. Above zero.</param>
public sealed class CommitmentPacer(TimeSpan day)
{
    /// <summary>Below 1, so that what is paid for already goes first where both cost nothing more.</summary>
    public const double HighestShare = 0.98;

    const double Gain = 0.05;
    const double All = 1;
    const double MostUrgent = 1.5;

    /// <summary>More than the forecast says is held to be needed: a dollar too late is lost, one too early is not.</summary>
    const double Safety = 1.05;

    /// <summary>Of what paid capacity will serve until the end, the share that is enough to put off drawing it off.</summary>
    const double Lateness = 0.5;

    const int SlotsOfDay = 48;
    const int SlotsOfSeason = 7 * SlotsOfDay;

    /// <summary>λ takes a whole step when so small a part of what is at stake in half an hour has gone by.</summary>
    const double StepsOfSlot = 12;

    readonly double _slotMs = day.TotalMilliseconds / SlotsOfDay;
    readonly Slot[] _slots = new Slot[SlotsOfSeason];
    Slot _season;
    long _slot = -1;
    long _firstSlot;
    double _share;

    /// <summary>λ, 0 to <see cref="HighestShare"/>.</summary>
    public double Share => _share;

    /// <summary>Takes in what was at stake since the last time, and returns λ.</summary>
    /// <param name="pace">How the window stands now.</param>
    /// <param name="contested">What was at stake since the last time. At least 0, in the currency of the pace.</param>
    /// <param name="won">What of it was won. At least 0.</param>
    /// <param name="paid">What capacity that is paid for served since then, at the commitment's prices. At least 0.</param>
    /// <param name="nowMs">Now, not before the last time.</param>
    public double Update(in CommitmentPace pace, double contested, double won, double paid, double nowMs)
    {
        Remember(new Slot(contested, paid), nowMs);
        var left = pace.Target - pace.Drawn;
        if (left <= 0 || nowMs >= pace.UntilMs)
        {
            return _share = 0;
        }

        var isUrgent = IsUrgent(left, pace.UntilMs - nowMs);
        var (stake, mean) = isUrgent
            ? (contested + paid, MeanOf(_season.Contested + _season.Paid))
            : (contested, MeanOf(_season.Contested));
        if (stake > 0)
        {
            // In proportion to what was at stake, against what is in an average step: a few cents teach little.
            var weight = Math.Min(1, stake / Math.Max(mean, double.Epsilon) * StepsOfSlot);
            var error = (isUrgent ? MostUrgent : All) - (contested > 0 ? won / contested : 0);
            _share = Math.Clamp(_share + (Gain * weight * error), 0, HighestShare);
        }

        return _share;
    }

    double MeanOf(double sum) => sum / Math.Clamp(_slot - _firstSlot + 1, 1, SlotsOfSeason);

    /// <summary>Whether so much is left that paid capacity has to give up calls for it.</summary>
    bool IsUrgent(double left, double leftMs)
    {
        var seen = Math.Min(_slot - _firstSlot, SlotsOfSeason);
        if (seen < SlotsOfDay)
        {
            return false;
        }

        var toCome = leftMs / (_slotMs * seen);
        return (Safety * left) - (_season.Contested * toCome) > Lateness * _season.Paid * toCome;
    }

    void Remember(in Slot came, double nowMs)
    {
        var slot = (long)(nowMs / _slotMs);
        if (_slot < 0)
        {
            (_slot, _firstSlot) = (slot, slot);
        }

        for (var gone = 0; _slot < slot && gone < SlotsOfSeason; gone++)
        {
            _slot++;
            ref var oldest = ref _slots[_slot % SlotsOfSeason];
            _season -= oldest;
            oldest = default;
        }

        _slot = slot;
        _slots[slot % SlotsOfSeason] += came;
        _season += came;
    }

    readonly record struct Slot(double Contested, double Paid)
    {
        public static Slot operator +(in Slot left, in Slot right) =>
            new(left.Contested + right.Contested, left.Paid + right.Paid);

        public static Slot operator -(in Slot left, in Slot right) =>
            new(left.Contested - right.Contested, left.Paid - right.Paid);
    }
}
