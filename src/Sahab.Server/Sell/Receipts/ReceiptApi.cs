using System.Globalization;
using System.Text;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Receipts;

/// <summary>The receipts of an organisation, and the public keys to verify them with.</summary>
internal static class ReceiptApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/receipts/key", KeysAsync).Needs(Permission.Public)
            .WithSummary("The public keys that receipts are and were signed with")
            .Produces<ReceiptKeysAnswer>();
        api.MapGet("/organisations/{organisation}/receipts", ExportAsync).Needs(Permission.SeeUsage)
            .WithSummary("The receipts of an organisation after a number, one in a line, and the signed end of the chain")
            .Produces<string>(contentType: "application/x-ndjson");
        return api;
    }

    static async Task<IResult> KeysAsync(ReceiptStore store, ReceiptSigner signer, CancellationToken cancellation)
    {
        var keys = await store.KeysAsync(cancellation);
        return Results.Ok(new ReceiptKeysAnswer(
            "list", signer.KeyId, "ECDSA P-256 SHA-256",
            [
                .. keys.Select(key => new ReceiptKeyAnswer(
                    key.KeyId, key.PublicKey,
                    key.SeenAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))),
            ]));
    }

    static async Task<IResult> ExportAsync(
        string organisation, HttpContext context, ReceiptStore store, ReceiptSigner signer)
    {
        var after = 0L;
        foreach (var (name, values) in context.Request.Query)
        {
            if (name != "after")
            {
                return ControlError.Invalid(name, $"Unknown parameter '{name}'. Known: after.");
            }

            if (!long.TryParse(values, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            {
                return ControlError.Invalid(
                    name, $"The parameter 'after' is '{values}'; it must be the number of a receipt, or 0 for all.");
            }
        }

        // Up to the end as it is now: what comes meanwhile is in the next export.
        var (sequence, hash) = await store.HeadAsync(organisation, context.RequestAborted);
        return Results.Stream(
            output => WriteAsync(output, organisation, after, sequence, hash, store, signer, context.RequestAborted),
            "application/x-ndjson");
    }

    static async Task WriteAsync(
        Stream output, string organisation, long after, long sequence, string hash, ReceiptStore store,
        ReceiptSigner signer, CancellationToken cancellation)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        while (after < sequence)
        {
            var lines = await store.ReadAsync(organisation, after, sequence, cancellation);
            if (lines.Count == 0)
            {
                break;
            }

            foreach (var line in lines)
            {
                await writer.WriteLineAsync(line.AsMemory(), cancellation);
            }

            after += lines.Count;
        }

        await writer.WriteLineAsync(
            signer.Sign(new ReceiptHead(organisation, sequence, hash, signer.KeyId).ToBody()).AsMemory(), cancellation);
    }
}

/// <summary>The keys that receipts are and were signed with.</summary>
/// <param name="Current">The id of the one that they are signed with now.</param>
internal sealed record ReceiptKeysAnswer(
    string Object, string Current, string Algorithm, IReadOnlyList<ReceiptKeyAnswer> Data);

/// <summary>A key that receipts are or were signed with.</summary>
/// <param name="PublicKey">As <c>sahab receipts verify</c> takes it.</param>
internal sealed record ReceiptKeyAnswer(string KeyId, string PublicKey, string Since);
