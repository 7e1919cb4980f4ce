using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;

namespace Sahab.Server.Source.Commitments;

/// <summary>
/// A print of all that the settlement of an hour depends on beside what was used: the contracts as they are known, the
/// rates of currency, and the program itself. Equal prints, equal states; another writing of the same may print otherwise,
/// which costs no more than reading everything once.
/// </summary>
internal static class BookPrint
{
    /// <summary>What is computed from the rest says nothing new, and an hour knows the next one for ever.</summary>
    static readonly JsonSerializerOptions Stated = new() { IgnoreReadOnlyProperties = true };

    public static string Of(ContractTimeline contracts)
    {
        var text = new StringBuilder();
        text.Append(typeof(ContractLedger).Assembly.ManifestModule.ModuleVersionId);
        foreach (var contract in contracts.Contracts)
        {
            text.Append(JsonSerializer.Serialize((string[])[contract.Id, contract.Provider, contract.Currency]));
            text.Append(contract.Order);
            foreach (var version in contract.Versions.Where(version => version.KnownFrom <= contracts.KnownAt))
            {
                text.Append(JsonSerializer.Serialize(version with { Clauses = [] }, Stated));
                foreach (var clause in version.Clauses)
                {
                    text.Append(clause.GetType().Name).Append(JsonSerializer.Serialize(clause, clause.GetType(), Stated));
                }
            }
        }

        text.Append(JsonSerializer.Serialize(contracts.Rates, Stated));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
