using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// What all charges of one use in one hour come to together: all that a settlement needs to know of them, however many
/// they were. Only charges under a contract are in it.
/// </summary>
/// <param name="Use">What was used.</param>
/// <param name="Hour">The hour.</param>
/// <param name="List">The sum of <see cref="Charge.List"/>, in the contract's currency.</param>
/// <param name="Net">The sum of <see cref="Charge.Net"/>, in the contract's currency.</param>
/// <param name="Quantity">The sum of <see cref="Charge.Quantity"/>.</param>
/// <param name="Nano">The sum of <see cref="Charge.Cost"/>, in nano-USD.</param>
public sealed record ChargeSum(Use Use, Hour Hour, decimal List, decimal Net, decimal Quantity, decimal Nano);
