using System.Globalization;
using System.Text.Json.Serialization;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
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
            .Produces<PricesAnswer>();
        api.MapGet("/prices/agreements", Agreements).Needs(Permission.SeeSales)
            .WithSummary("What was agreed with single organisations, in the order in which it begins")
            .Produces<Listing<AgreementAnswer>>();
        api.MapGet("/organisations/{organisation}/prices", Show).Needs(Permission.SeeBilling)
            .WithSummary("What the organisation pays, now and as announced")
            .Produces<PricesAnswer>();
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
        return Results.Ok(Listing<AgreementAnswer>.Whole(
            shelf.Current.Agreements.Select(agreement => AgreementAnswer.Of(agreement, now))));
    }

    static IResult Show(string organisation, PriceShelf shelf, TimeProvider time) =>
        Ok(shelf.Current, organisation, time.GetUtcNow());

    static IResult Ok(PriceBook book, string? organisation, DateTimeOffset now)
    {
        var data = new List<ModelPrice>();
        var models = organisation is null
            ? book.Models
            : [.. book.Models.Concat(book.Agreements.Where(each => each.Organisation == organisation)
                .SelectMany(each => each.Prices).Select(price => price.Model)).Distinct().Order(StringComparer.Ordinal)];
        foreach (var model in models)
        {
            var stretches = organisation is null ? book.ListStretchesOf(model) : book.StretchesOf(organisation, model);
            var current = stretches.LastOrDefault(
                stretch => stretch.From <= now && !(stretch.Until is { } until && now >= until));
            var announced = stretches.Where(stretch => stretch.From > now).Select(PriceAnswer.Of).ToArray();
            if (current is not null || announced.Length > 0)
            {
                data.Add(new ModelPrice(model, current is null ? null : PriceAnswer.Of(current), announced));
            }
        }

        return Results.Ok(new PricesAnswer(
            "list", PriceText.Time(now), "USD", "1000000 tokens", Math.Round(book.Notice.TotalDays, 3), data, organisation));
    }
}

/// <summary>What everybody pays, or one organisation.</summary>
/// <param name="Organisation">Left out: everybody.</param>
/// <param name="Unit">What prices are of.</param>
/// <param name="NoticeDays">How long ahead a price that rises is announced.</param>
internal sealed record PricesAnswer(
    string Object, string At, string Currency, string Unit, double NoticeDays, IReadOnlyList<ModelPrice> Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Organisation = null);

/// <summary>What a model costs.</summary>
/// <param name="Price">Now; null: it is not sold yet.</param>
/// <param name="Announced">Later, in the order in which they begin.</param>
internal sealed record ModelPrice(string Model, PriceAnswer? Price, IReadOnlyList<PriceAnswer> Announced);

/// <summary>A price and how long it holds.</summary>
/// <param name="Until">Null: until another is announced.</param>
/// <param name="Tiers">By service tier.</param>
/// <param name="Volume">Discounts on what is used of it in a month beyond so many tokens.</param>
/// <param name="FreeTokens">Free in a month.</param>
internal sealed record PriceAnswer(
    string Plan, string From, string? Until, IReadOnlyDictionary<string, TierPrice> Tiers, IReadOnlyList<VolumeAnswer> Volume,
    long FreeTokens)
{
    public static PriceAnswer Of(PriceStretch stretch) => new(
        stretch.Name, PriceText.Time(stretch.From), stretch.Until is { } until ? PriceText.Time(until) : null,
        PricePlan.Tiers.ToDictionary(tier => tier, tier => TierPrice.Of(stretch.TermsOf(tier).Prices)),
        [.. stretch.Plan.Bands.Select(band => new VolumeAnswer(band.FromTokens, PriceText.Share(band.Discount)))],
        stretch.Plan.FreeTokens);
}

/// <summary>What a million tokens cost, in dollars.</summary>
internal sealed record TierPrice(
    string PromptUsd, string CachedUsd, string CacheWriteUsd,
    [property: JsonPropertyName("cache_write_1h_usd")] string CacheWrite1hUsd, string OutputUsd)
{
    public static TierPrice Of(PriceTerms prices) => new(
        PriceText.Usd(prices.PromptNanoPerMillion), PriceText.Usd(prices.CachedNanoPerMillion),
        PriceText.Usd(prices.CacheWriteNanoPerMillion), PriceText.Usd(prices.CacheWrite1hNanoPerMillion),
        PriceText.Usd(prices.OutputNanoPerMillion));
}

/// <summary>A discount on what is used beyond so many tokens in a month.</summary>
/// <param name="Discount">0 to 1.</param>
internal sealed record VolumeAnswer(long FromTokens, string Discount);

/// <summary>What was agreed with an organisation.</summary>
/// <param name="Discount">0 to 1, on list prices.</param>
/// <param name="Models">Models with prices of their own.</param>
internal sealed record AgreementAnswer(
    string Id, string Organisation, string From, string? Until, bool InForce, string Discount, IReadOnlyList<string> Models)
{
    public static AgreementAnswer Of(PriceAgreement agreement, DateTimeOffset now) => new(
        agreement.Id, agreement.Organisation, PriceText.Time(agreement.From),
        agreement.Until is { } until ? PriceText.Time(until) : null, agreement.IsInForce(now), PriceText.Share(agreement.Discount),
        [.. agreement.Prices.Select(price => price.Model)]);
}

/// <summary>How prices are written.</summary>
file static class PriceText
{
    public static string Usd(long nano) => ((decimal)nano / NanoUsd.PerUsd).ToString("0.#########", CultureInfo.InvariantCulture);

    public static string Share(decimal share) => share.ToString("0.############", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
