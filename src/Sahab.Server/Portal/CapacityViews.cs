using Sahab.Ledger.Capacity;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Tenants;

namespace Sahab.Server.Portal;

/// <summary>What an organisation has reserved, and what it could reserve.</summary>
public sealed class CapacityView
{
    internal CapacityView(ConsoleView console) => Console = console;

    internal ConsoleView Console { get; }

    internal IReadOnlyList<Project> Projects { get; init; } = [];

    /// <summary>The last to be bought first, each with the part of its last minute that is used, if it is in force.</summary>
    internal IReadOnlyList<(Reservation Reservation, double? Used)> Reservations { get; init; } = [];

    internal IReadOnlyList<(CapacityOfferConfig Offer, CapacityCourse Course)> Offers { get; init; } = [];

    internal DateTimeOffset Now => Console.Now;
}

/// <summary>What is sold of each model against what is held.</summary>
public sealed class SoldCapacityView
{
    internal SoldCapacityView(
        IReadOnlyList<(string Model, CapacityCourse Course, IReadOnlyList<Reservation> Sold)> models, DateTimeOffset now) =>
        (Models, Now) = (models, now);

    internal IReadOnlyList<(string Model, CapacityCourse Course, IReadOnlyList<Reservation> Sold)> Models { get; }

    internal DateTimeOffset Now { get; }
}
