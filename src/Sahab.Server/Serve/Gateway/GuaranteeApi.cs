using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Who is guaranteed what, and how it stands now. Mapped into a group that admits administrators only.</summary>
internal static class GuaranteeApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/guarantees", (SnapshotPublisher snapshots, MonotonicClock clock) =>
                snapshots.Current.Routing.Deployments
                    .SelectMany(
                        deployment => deployment.State.ReadGuarantees(clock.NowMs), GuaranteeStatus.Of).ToArray())
            .WithSummary(
                "What each group is guaranteed of each limit of each reserved deployment, uses, has lent and borrowed.")
            .Produces<GuaranteeStatus[]>();
}

/// <summary>A group's share of one limit of one deployment, in places, requests or tokens of 60 seconds.</summary>
/// <param name="Limit">The limit of the deployment.</param>
/// <param name="Guaranteed">What of it the group is guaranteed.</param>
/// <param name="Most">The most that it may use; null without a limit.</param>
/// <param name="Used">What its calls use.</param>
/// <param name="HeldBack">What is free for its calls alone.</param>
/// <param name="Lent">What of its idle guarantee others use.</param>
/// <param name="Borrowed">What it uses beyond its guarantee.</param>
internal sealed record GuaranteeStatus(
    string Group, string Deployment, string Model, CapacityUnit Unit, long Limit, long Guaranteed, long? Most, long Used,
    long HeldBack, double Lent, long Borrowed)
{
    public static GuaranteeStatus Of(Deployment deployment, GuaranteeReading reading) => new(
        reading.Group, deployment.Spec.Id, deployment.Spec.Model, reading.Unit, reading.Limit, reading.Guaranteed,
        reading.Most, reading.Used, reading.HeldBack, Math.Round(reading.Lent, 3), reading.Borrowed);
}
