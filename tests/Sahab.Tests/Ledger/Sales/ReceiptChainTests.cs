using System.Security.Cryptography;
using System.Text;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;

namespace Sahab.Tests.Ledger.Sales;

public sealed class ReceiptChainTests : IDisposable
{
    readonly ECDsa _private = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose() => _private.Dispose();

    [Fact]
    public void A_whole_chain_has_no_problems_and_its_corrections_stand()
    {
        var lines = Chain(12);

        var chain = Verify(lines);

        chain.Problems.ShouldBeEmpty();
        chain.Count.ShouldBe(12);
        chain.SumsOf(new DateOnly(2026, 3, 1), 12).Values.Single().ShouldBe((Int128)Enumerable.Range(0, 12)
            .Select(Make).GroupBy(receipt => receipt.EventId).Sum(group => group.MaxBy(each => each.Revision)!.Amount.Value));
        chain.SumsOf(new DateOnly(2026, 4, 1), 12).ShouldBeEmpty();
    }

    [Fact]
    public void Any_bit_that_is_flipped_is_found()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Join('\n', Chain(1)));
        for (var at = 0; at < bytes.Length; at++)
        {
            // One bit of each byte, and all of every fifth: each takes two signatures to be looked at.
            foreach (var bit in at % 5 == 0 ? Enumerable.Range(0, 8) : [at % 8])
            {
                bytes[at] ^= (byte)(1 << bit);
                Verify(Encoding.Latin1.GetString(bytes).Split('\n')).Problems.ShouldNotBeEmpty($"byte {at}, bit {bit}");
                bytes[at] ^= (byte)(1 << bit);
            }
        }
    }

    [Fact]
    public void Any_receipt_that_is_removed_moved_or_doubled_is_found()
    {
        var lines = Chain(8);
        for (var at = 0; at < lines.Count; at++)
        {
            Verify([.. lines.Where((_, index) => index != at)]).Problems.ShouldNotBeEmpty();
            Verify([.. lines.Take(at), lines[at], .. lines.Skip(at)]).Problems.ShouldNotBeEmpty();
            for (var other = 0; other < at; other++)
            {
                var swapped = lines.ToList();
                (swapped[at], swapped[other]) = (swapped[other], swapped[at]);
                Verify(swapped).Problems.ShouldNotBeEmpty();
            }
        }
    }

    [Fact]
    public void A_file_that_was_cut_short_or_is_signed_by_another_is_found()
    {
        var lines = Chain(5);

        Verify(lines[..3]).Problems.ShouldHaveSingleItem().ShouldContain("The file was cut short");
        Verify([.. lines[..3], lines[^1]]).Problems.ShouldHaveSingleItem().ShouldContain("5 receipts, and 3 are here");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ReceiptKey.ReadAll(other.ExportSubjectPublicKeyInfoPem()).Single();
        var chain = new ReceiptChain([key]);
        lines.ForEach(chain.Add);
        chain.Problems[0].ShouldContain("which is none of those given");
    }

    [Fact]
    public void A_receipt_whose_amount_is_not_that_of_its_tokens_is_found_though_it_is_signed()
    {
        var receipt = Make(0) with { Amount = new NanoUsd(1), KeyId = ReceiptKey.IdOf(_private) };
        var chain = Verify([Sign(receipt.ToBody())]);

        chain.Problems[0].ShouldContain("and its tokens at its prices come to");
    }

    [Fact]
    public void A_receipt_can_be_written_in_one_way_only()
    {
        var line = Chain(1)[0];

        Receipt.Parse(line).ShouldNotBeNull();
        Receipt.Parse(line.Replace(",\"call\"", ", \"call\"", StringComparison.Ordinal)).ShouldBeNull();
        Receipt.Parse(line[..^12] + line[^12..].ToUpperInvariant()).ShouldBeNull();
    }

    List<string> Chain(int count)
    {
        var (lines, hash) = (new List<string>(), Receipt.Beginning);
        for (var number = 0; number < count; number++)
        {
            lines.Add(Sign((Make(number) with { Previous = hash, KeyId = ReceiptKey.IdOf(_private) }).ToBody()));
            hash = Receipt.HashOf(lines[^1]);
        }

        lines.Add(Sign(new ReceiptHead("acme \"Ltd\"", count, hash, ReceiptKey.IdOf(_private)).ToBody()));
        return lines;
    }

    string Sign(string body) =>
        Receipt.ToLine(body, _private.SignData(Encoding.UTF8.GetBytes(body), HashAlgorithmName.SHA256));

    /// <summary>Every fourth corrects the one before it.</summary>
    static Receipt Make(int number)
    {
        var (of, revision) = number % 4 == 3 ? (number - 1, 1) : (number, 0);
        var usage = new TokenUsage(100 + number, 10, 50 + number, 0);
        var prices = PriceTerms.FromUsdPerMillion(3, 1, 15);
        return new Receipt
        {
            Organisation = "acme \"Ltd\"",
            Sequence = number + 1,
            EventId = SampleUsage.Id(1, of),
            CallId = SampleUsage.Id(2, of),
            Revision = revision,
            StartedAt = SampleUsage.Start.AddMinutes(of),
            Key = "key",
            Model = "größe<1>",
            ServiceTier = "default",
            Usage = usage,
            Plan = "list:first",
            Prices = prices,
            Amount = Rater.Rate(usage, prices),
            Previous = Receipt.Beginning,
            KeyId = "",
        };
    }

    ReceiptChain Verify(IReadOnlyList<string> lines)
    {
        using var key = ReceiptKey.ReadAll(_private.ExportSubjectPublicKeyInfoPem()).Single();
        var chain = new ReceiptChain([key]);
        foreach (var line in lines)
        {
            chain.Add(line);
        }

        chain.End();
        return chain;
    }
}
