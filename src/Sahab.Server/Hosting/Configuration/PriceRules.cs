using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold of the price book. What it may not change of the past is the shelf's to say.</summary>
internal sealed class PriceRules(SahabConfig config, ProblemList problems, DateTimeOffset now)
{
    /// <summary>Organisations that are kept in the store begin with this.</summary>
    const string StoredOrganisation = "org_";

    public void Check()
    {
        if (problems.HasErrorAt("price_book"))
        {
            return;
        }

        CheckBilling();
        var (begins, agreed) = (new Dictionary<DateTimeOffset, string>(), new Dictionary<(string, DateTimeOffset), string>());
        foreach (var list in config.PriceBook.Lists)
        {
            var (path, from) = ($"price_book.lists.{list.Id}", Time(list.From));
            if (!begins.TryAdd(from, list.Id))
            {
                problems.Error(
                    $"{path}.from", $"the list {begins[from]} begins then too, and a model has one price at a time",
                    "Give it another date, or make one list of the two");
            }

            CheckPrices(list.Prices, path, from);
        }

        foreach (var agreement in config.PriceBook.Agreements)
        {
            var (path, from) = ($"price_book.agreements.{agreement.Id}", Time(agreement.From));
            if (!agreed.TryAdd((agreement.Organisation, from), agreement.Id))
            {
                problems.Error(
                    $"{path}.from",
                    $"the agreement {agreed[(agreement.Organisation, from)]} with {agreement.Organisation} begins then too",
                    "Give it another date, or make one agreement of the two");
            }

            CheckAgreement(agreement, path, from);
            CheckPrices(agreement.Prices, path, from);
        }
    }

    void CheckBilling()
    {
        if (problems.HasErrorAt("billing"))
        {
            return;
        }

        var taxes = new Dictionary<(string, string?), string>();
        foreach (var tax in config.Billing.Taxes)
        {
            if (!taxes.TryAdd((tax.Country, tax.State), tax.Id))
            {
                problems.Error(
                    $"billing.taxes.{tax.Id}", $"{taxes[(tax.Country, tax.State)]} is the tax of the same place",
                    "Give it a state, or keep one of the two");
            }
        }

        foreach (var fee in config.Billing.Fees.Where(fee => fee.Until is { } until && Time(until) <= Time(fee.From)))
        {
            problems.Error(
                $"billing.fees.{fee.Id}.until", "it ends before it begins", "Write a later day, or leave it out");
        }
    }

    void CheckAgreement(PriceAgreementConfig agreement, string path, DateTimeOffset from)
    {
        if (agreement.Until is { } until && Time(until) <= from)
        {
            problems.Error($"{path}.until", "it ends before it begins", "Write a later time, or leave it out");
        }

        if (agreement.Discount == 0 && agreement.Prices.IsEmpty)
        {
            problems.Error(path, "it agrees on nothing", "Write a discount, or prices of its own");
        }

        // Those in the store come and go without the file.
        string[] tenants = [.. config.Tenants.Select(tenant => tenant.Id)];
        if (!agreement.Organisation.StartsWith(StoredOrganisation, StringComparison.Ordinal)
            && !tenants.Contains(agreement.Organisation) && !IsOver(agreement))
        {
            problems.Error(
                $"{path}.organisation", $"there is no {TextForms.Quote(agreement.Organisation)} among the tenants",
                Suggestions.Sentence(agreement.Organisation, tenants, "tenants"));
        }
    }

    void CheckPrices(ImmutableArray<ModelPriceConfig> prices, string path, DateTimeOffset from)
    {
        string[] models = [.. config.Models.Select(model => model.Id)];
        foreach (var price in prices)
        {
            var place = $"{path}.prices.{price.Id}";
            if (config.Aliases.ContainsKey(price.Id) && config.FindModel(price.Id) is { } model && model.Id != price.Id)
            {
                problems.Error(place, $"{price.Id} is an alias", $"Name the model itself: {model.Id}");
            }
            else if (from > now && !models.Contains(price.Id))
            {
                // What has begun stays as it was, whatever became of the model.
                problems.Error(
                    place, $"there is no {TextForms.Quote(price.Id)} among the models",
                    Suggestions.Sentence(price.Id, models, "models"));
            }

            CheckVolume(price, place);
        }
    }

    void CheckVolume(ModelPriceConfig price, string place)
    {
        for (var i = 1; i < price.Volume.Length; i++)
        {
            var (before, band) = (price.Volume[i - 1], price.Volume[i]);
            if (band.From <= before.From)
            {
                problems.Error(
                    $"{place}.volume.{band.Id}.from", $"it does not begin after {before.Id}, which stands before it",
                    $"Write more than {before.From}, or change the order");
            }

            if (band.Discount < before.Discount)
            {
                problems.Error(
                    $"{place}.volume.{band.Id}.discount", $"it takes off less than {before.Id}, which stands before it",
                    "Let discounts grow with volume");
            }
        }
    }

    bool IsOver(PriceAgreementConfig agreement) => agreement.Until is { } until && Time(until) <= now;

    static DateTimeOffset Time(string text) => ContractBinding.TryTime(text, out var time) ? time : default;
}
