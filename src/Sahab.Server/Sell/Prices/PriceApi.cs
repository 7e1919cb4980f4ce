using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Prices;

/// <summary>What everybody pays, and what one organisation does, now and as announced.</summary>
internal static class PriceApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/prices", List).Needs(Permission.Public)
            .WithSummary("List prices in force and announced; with ?organisation= what it pays, for operators")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest)
            .Produces(StatusCodes.Status403Forbidden);
        api.MapGet("/prices/agreements", Agreements).Needs(Permission.SeeSales)
            .WithSummary("What was agreed with single organisations, in the order in which it begins")
            .Produces(StatusCodes.Status200OK);
        api.MapGet("/organisations/{organisation}/prices", Show).Needs(Permission.SeeBilling)
            .WithSummary("What the organisation pays, now and as announced")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status404NotFound);
        return api;
    }

    static IResult List(HttpContext context, PriceShelf shelf, TimeProvider time)
    {
        foreach (var name in context.Request.Query.Keys)
        {
            if (name != "organisation")
            {
                return ControlError.Invalid(name, $"Unknown parameter '{name}'. Known: organisation.");
            }
        }

        var organisation = context.Request.Query["organisation"].ToString();
        if (organisation.Length == 0)
        {
            return Ok(shelf.Current, null, time.GetUtcNow());
        }

        return Caller.Find(context)?.MayAnywhere(Permission.SeeSales) == true
            ? Ok(shelf.Current, organisation, time.GetUtcNow())
            : new ControlProblem(
                StatusCodes.Status403Forbidden, "not_allowed",
                "Only operators may ask for an organisation here. Its members ask at /api/organisations/ID/prices.",
                "organisation");
    }

    static IResult Agreements(PriceShelf shelf, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var data = shelf.Current.Agreements.Select(agreement => (JsonNode)new JsonObject
        {
            ["id"] = agreement.Id,
            ["organisation"] = agreement.Organisation,
            ["from"] = Time(agreement.From),
            ["until"] = agreement.Until is { } until ? Time(until) : null,
            ["in_force"] = agreement.IsInForce(now),
            ["discount"] = agreement.Discount.ToString("0.############", CultureInfo.InvariantCulture),
            ["models"] = new JsonArray([.. agreement.Prices.Select(price => (JsonNode)price.Model)]),
        });
        return Results.Text(
            new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. data]), ["next"] = null }.ToJsonString(),
            "application/json", Encoding.UTF8);
    }

    static IResult Show(string organisation, PriceShelf shelf, TimeProvider time) =>
        Ok(shelf.Current, organisation, time.GetUtcNow());

    static IResult Ok(PriceBook book, string? organisation, DateTimeOffset now)
    {
        var data = new JsonArray();
        var models = organisation is null
            ? book.Models
            : [.. book.Models.Concat(book.Agreements.Where(each => each.Organisation == organisation)
                .SelectMany(each => each.Prices).Select(price => price.Model)).Distinct().Order(StringComparer.Ordinal)];
        foreach (var model in models)
        {
            var stretches = organisation is null ? book.ListStretchesOf(model) : book.StretchesOf(organisation, model);
            var current = stretches.LastOrDefault(
                stretch => stretch.From <= now && !(stretch.Until is { } until && now >= until));
            var announced = stretches.Where(stretch => stretch.From > now).Select(stretch => (JsonNode)ToJson(stretch)).ToArray();
            if (current is not null || announced.Length > 0)
            {
                data.Add(new JsonObject
                {
                    ["model"] = model,
                    ["price"] = current is null ? null : ToJson(current),
                    ["announced"] = new JsonArray([.. announced]),
                });
            }
        }

        var answer = new JsonObject
        {
            ["object"] = "list",
            ["at"] = Time(now),
            ["currency"] = "USD",
            ["unit"] = "1000000 tokens",
            ["notice_days"] = Math.Round(book.Notice.TotalDays, 3),
            ["data"] = data,
        };
        if (organisation is not null)
        {
            answer.Insert(1, "organisation", organisation);
        }

        return Results.Text(answer.ToJsonString(), "application/json", Encoding.UTF8);
    }

    static JsonObject ToJson(PriceStretch stretch)
    {
        var tiers = new JsonObject();
        foreach (var tier in PricePlan.Tiers)
        {
            var prices = stretch.TermsOf(tier).Prices;
            tiers[tier] = new JsonObject
            {
                ["prompt_usd"] = Usd(prices.PromptNanoPerMillion),
                ["cached_usd"] = Usd(prices.CachedNanoPerMillion),
                ["cache_write_usd"] = Usd(prices.CacheWriteNanoPerMillion),
                ["cache_write_1h_usd"] = Usd(prices.CacheWrite1hNanoPerMillion),
                ["output_usd"] = Usd(prices.OutputNanoPerMillion),
            };
        }

        return new JsonObject
        {
            ["plan"] = stretch.Name,
            ["from"] = Time(stretch.From),
            ["until"] = stretch.Until is { } until ? Time(until) : null,
            ["tiers"] = tiers,
            ["volume"] = new JsonArray(
            [
                .. stretch.Plan.Bands.Select(band => (JsonNode)new JsonObject
                {
                    ["from_tokens"] = band.FromTokens,
                    ["discount"] = band.Discount.ToString("0.############", CultureInfo.InvariantCulture),
                }),
            ]),
            ["free_tokens"] = stretch.Plan.FreeTokens,
        };
    }

    static string Usd(long nano) => ((decimal)nano / NanoUsd.PerUsd).ToString("0.#########", CultureInfo.InvariantCulture);

    static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
