using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;
using Sahab.Server.Source.Purchases;

namespace Sahab.Server.Source.Claims;

/// <summary>A claim that is to be raised.</summary>
/// <param name="Items">What it is about.</param>
/// <param name="ClaimBefore">Until when it must be sent; null: no such deadline is known.</param>
internal sealed record ClaimDraft(
    string Id, ClaimKind Kind, string Provider, DateOnly Month, IReadOnlyList<ClaimItem> Items, int CreditDays, string Note,
    DateTimeOffset? ClaimBefore);

/// <summary>Where claims are made: raises them, and takes each from step to step. There is no other way to change one.</summary>
internal sealed class ClaimDesk(ClaimStore store, WindowClock clock)
{
    /// <summary>How often a step is tried that others' steps get in the way of.</summary>
    const int MaxTries = 10;

    public DateTimeOffset Now => clock.Now.Latest;

    /// <summary>Raises a claim, unless its id is taken or another claim is about the same.</summary>
    public async Task<(Claim? Claim, ClaimConflict Conflict)> RaiseAsync(ClaimDraft draft, CancellationToken cancellation)
    {
        var items = draft.Items.ToValueList();
        var claim = new Claim
        {
            Id = draft.Id,
            Kind = draft.Kind,
            Provider = draft.Provider,
            Month = draft.Month,
            Items = items,
            CreditDays = draft.CreditDays,
            ClaimBefore = draft.ClaimBefore,
            History = [new ClaimEvent(Now, ClaimStep.Raised, items.Sum(item => item.Usd), draft.Note)],
        };
        return await store.AddAsync(claim, cancellation) is { } conflict ? (null, conflict) : (claim, default);
    }

    /// <summary>Takes a step; null where there is no such claim.</summary>
    public async Task<ClaimStepResult?> StepAsync(
        string id, Func<Claim, RecordedTime, ClaimStepResult> step, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < MaxTries; attempt++)
        {
            if (await store.ReadAsync(id, cancellation) is not { } stored)
            {
                return null;
            }

            var taken = step(stored.Claim, clock.Now);
            if (taken.Refusal is not null || await store.ReplaceAsync(taken.Claim, stored.Revision, cancellation))
            {
                return taken;
            }
        }

        throw new InvalidOperationException($"Claim {id} is being changed by others all the time; try again.");
    }
}
