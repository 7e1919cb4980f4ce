using System.Net.Http.Json;
using Sahab.Emulator.Configuration;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Reconciliation;
using Sahab.Server.Source.Bills;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Bills;

/// <summary>A cloud's own bill in FOCUS, beside what we have metered of the same calls.</summary>
public class CloudBillTests
{
    const decimal Rounding = 0.000001m;

    [Fact]
    public async Task A_clouds_bill_agrees_with_ours_until_it_is_tampered_with()
    {
        await using var house = await TestHouse.StartAsync(clouds: Priced());
        using var client = house.Client();
        using var control = new HttpClient { BaseAddress = house.Clouds.ControlAddress };
        for (var call = 0; call < 60; call++)
        {
            // The same beginning again and again, so that caches have something to hold.
            var prompt = string.Concat(Enumerable.Repeat($"Tell me about cloud number {call % 3}. ", 200));
            using var response = await client.PostAsJsonAsync("/v1/chat/completions", new
            {
                model = "small",
                max_tokens = 20,
                messages = new[] { new { role = "user", content = prompt } },
            });
            response.EnsureSuccessStatusCode();
        }

        await house.CallsAsync();
        await house.DrainLedgerAsync();
        var agreed = 0;
        foreach (var cloud in (string[])["azure", "own"])
        {
            var theirs = await BillAsync(control, cloud);
            var ours = await OursAsync(house, cloud, theirs);
            if (theirs.Count == 0)
            {
                continue;
            }

            FocusChecker.Check(theirs, FocusRules.CostAndUsage12)
                .Where(outcome => outcome.Verdict == FocusVerdict.Failed).ShouldBeEmpty();
            Compare(ours, theirs).ShouldAllBe(difference => difference.Cause == DifferenceCause.LaterHour);
            agreed += theirs.Count;

            var region = Compare(ours, With(theirs, "SkuMeter", "Output tokens", "RegionId", "elsewhere"))
                .Where(difference => difference.Cause != DifferenceCause.LaterHour).ToList();
            region.ShouldNotBeEmpty();
            region.ShouldAllBe(difference => difference.Cause == DifferenceCause.OtherRegion
                && difference.Key.Meter == TokenMeter.Output && difference.BilledRegion == "elsewhere");
            Compare(ours, With(theirs, "SkuMeter", "Input tokens", "BilledCost", "1000"))
                .ShouldContain(difference => difference.Cause == DifferenceCause.OtherRate
                    && difference.Key.Meter == TokenMeter.Prompt && difference.OverbilledUsd > 999);
        }

        agreed.ShouldBeGreaterThan(1);
    }

    static async Task<FocusTable> BillAsync(HttpClient control, string cloud)
    {
        using var text = new StringReader(await control.GetStringAsync(new Uri($"/bill/focus?cloud={cloud}", UriKind.Relative)));
        return FocusCsv.Read(text);
    }

    /// <summary>Of the month that the bill is of, whatever day it is.</summary>
    static async Task<FocusTable> OursAsync(TestHouse house, string cloud, FocusTable theirs)
    {
        var month = theirs.Count == 0 ? TimeProvider.System.GetUtcNow() : theirs.Time(0, "BillingPeriodStart")!.Value;
        using var admin = house.Client(TestHouse.AdminKey);
        using var text = new StringReader(await admin.GetStringAsync(
            new Uri($"/api/bill?month={month:yyyy-MM}&provider={cloud}", UriKind.Relative)));
        return FocusCsv.Read(text);
    }

    static IReadOnlyList<BillDifference> Compare(FocusTable ours, FocusTable theirs) =>
        Reconciler.Compare(BillBooks.Read(ours), BillBooks.Read(theirs), Rounding);

    /// <summary>The bill with a value in the place of another, in the rows that are of a kind.</summary>
    static FocusTable With(FocusTable bill, string kindColumn, string kind, string column, string value)
    {
        var columns = bill.Columns.ToList();
        var tampered = new FocusTable(columns);
        foreach (var row in bill.Rows)
        {
            var values = row.ToList();
            if (values[columns.IndexOf(kindColumn)] == kind)
            {
                values[columns.IndexOf(column)] = value;
            }

            tampered.Add(values);
        }

        return tampered;
    }

    static EmulatorConfig Priced()
    {
        var clouds = Samples.TwoClouds();
        foreach (var cloud in clouds.Clouds.Values)
        {
            cloud.Models["small"] = new CloudModelConfig
            {
                Price = new ModelPrice { Prompt = 0.15m, Cached = 0.075m, Output = 0.6m },
            };
        }

        return clouds;
    }
}
