using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Purchases;

/// <summary>
/// Where capacity is bought: takes a purchase from step to step, by the contracts as they are known now. There is no other
/// way to change one.
/// </summary>
internal sealed class PurchaseDesk(PurchaseStore store, ContractShelf shelf, WindowClock clock)
{
    /// <summary>How often a step is tried that others' steps get in the way of.</summary>
    const int MaxTries = 10;

    public RecordedTime Now => clock.Now;

    /// <summary>Drafts a purchase; null where its id is taken.</summary>
    public async Task<CapacityPurchase?> DraftAsync(CapacityPurchase draft, CancellationToken cancellation)
    {
        var purchase = draft with { ChangedAt = Now.Latest };
        return await store.AddAsync(purchase, cancellation) ? purchase : null;
    }

    /// <summary>Takes a step; null where there is no such purchase.</summary>
    public async Task<PurchaseStep?> StepAsync(
        string id, Func<CapacityPurchase, ContractTimeline, RecordedTime, PurchaseStep> step, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < MaxTries; attempt++)
        {
            if (await store.ReadAsync(id, cancellation) is not { } stored)
            {
                return null;
            }

            var now = new RecordedTime(stored.Purchase.ChangedAt).Read(Now.Latest);
            var taken = step(stored.Purchase, shelf.Book.KnownAt(now.Latest), now);
            if (taken.Refusal is not null || await store.ReplaceAsync(taken.Purchase, stored.Revision, cancellation))
            {
                return taken;
            }
        }

        throw new InvalidOperationException($"Purchase {id} is being changed by others all the time; try again.");
    }
}
