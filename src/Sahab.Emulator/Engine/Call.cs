using Sahab.Emulator.Billing;
using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Engine;

/// <summary>One request's way through a cloud, from its draw of faults to its one entry in the books.</summary>
internal sealed class Call(Cloud cloud, CloudDeployment deployment, string requestId, ulong ordinal)
{
    volatile bool _killed;
    int _settled;

    public Cloud Cloud { get; } = cloud;

    public CloudDeployment Deployment { get; } = deployment;

    /// <summary>Whose places it takes: the deployment's own, or those that were bought in advance.</summary>
    public CapacityGate Gate { get; set; } = deployment.Gate;

    /// <summary>Whether it is served by what was bought in advance.</summary>
    public bool IsProvisioned => Gate == Deployment.Provisioned;

    public string RequestId { get; } = requestId;

    public ulong Ordinal { get; } = ordinal;

    public required string Key { get; init; }

    public required string Operation { get; init; }

    public required bool Streamed { get; init; }

    public required FaultDraw Faults { get; init; }

    /// <summary>Whether the cloud went down under the call.</summary>
    public bool Killed => _killed;

    public void Kill() => _killed = true;

    /// <summary>Enters the call into the books, the first time only.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="served">What was really processed.</param>
    /// <param name="delivered">For a broken stream: what the last chunk that reached the client stands for.</param>
    /// <param name="now">The time to note.</param>
    public void Settle(CallOutcome outcome, Usage served, Usage delivered, DateTimeOffset now)
    {
        if (Interlocked.Exchange(ref _settled, 1) == 1)
        {
            return;
        }
        var billed = outcome switch
        {
            CallOutcome.Answered or CallOutcome.ClientLeft => Faults.ToBilled(served),
            CallOutcome.Broken when Streamed && Cloud.Config.BillsBrokenStreams => Faults.ToBilled(delivered),
            _ => Usage.None,
        };
        Cloud.Bill.Add(new BillLine
        {
            RequestId = RequestId,
            At = now,
            Account = new BillAccount(Cloud.Id, Deployment.Region, Deployment.ModelId, Key),
            Operation = Operation,
            Streamed = Streamed,
            Outcome = outcome,
            Billed = billed,
            Served = served,
        });
    }
}
