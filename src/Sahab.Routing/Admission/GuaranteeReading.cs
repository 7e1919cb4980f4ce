namespace Sahab.Routing.Admission;

/// <summary>How a group stands in one limit of one deployment at one moment.</summary>
public readonly record struct GuaranteeReading
{
    /// <summary>The id of the group.</summary>
    public required string Group { get; init; }

    /// <summary>In what the limit counts.</summary>
    public required CapacityUnit Unit { get; init; }

    /// <summary>The limit of the deployment.</summary>
    public required long Limit { get; init; }

    /// <summary>What of it the group is guaranteed.</summary>
    public required long Guaranteed { get; init; }

    /// <summary>The most that it may use; null without a limit.</summary>
    public required long? Most { get; init; }

    /// <summary>What its calls use.</summary>
    public required long Used { get; init; }

    /// <summary>What is free for its calls alone: its guarantee, less what it lends, less what it uses.</summary>
    public required long HeldBack { get; init; }

    /// <summary>What it uses beyond its guarantee.</summary>
    public required long Borrowed { get; init; }

    /// <summary>
    /// What of its idle guarantee others use. Nobody's loan in particular: what is used beyond guarantees, and beyond
    /// what nobody is guaranteed, is shared out over those that could have lent it.
    /// </summary>
    public required double Lent { get; init; }
}
