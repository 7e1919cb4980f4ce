namespace Sahab.Ledger.Contracts;

/// <summary>What contradicts a contract in the balances that its books are to begin with.</summary>
static class OpeningProblems
{
    /// <param name="contract">A contract without other problems.</param>
    public static void AddOf(Contract contract, List<string> problems)
    {
        var course = new ContractCourse(contract, DateTimeOffset.MaxValue);
        foreach (var version in contract.Versions)
        {
            if (version.Opening is { } opening)
            {
                var check = new Check(contract, version, opening, course, problems);
                if (Hour.IsWhole(opening.BooksFrom))
                {
                    check.All(isLast: ReferenceEquals(opening, course.Opening));
                }
                else
                {
                    check.Add("books_from", $"{opening.BooksFrom:u} is not a whole hour of UTC; begin the books on the "
                        + "hour, best with the first of a month");
                }
            }
        }
    }

    sealed class Check(
        Contract contract, ContractVersion version, OpeningBalances opening, ContractCourse course, List<string> problems)
    {
        static readonly ValueList<Clause> Nothing = [];

        readonly ContractTerms? _terms = course.At(opening.First);

        ValueList<Clause> InForce => _terms?.Clauses ?? Nothing;

        public void Add(string key, string problem) =>
            problems.Add($"contract {contract.Id}, version {version.Number}, clause opening.{key}: {problem}");

        public void All(bool isLast)
        {
            if (_terms is null)
            {
                Add("books_from", $"the contract is not in force on {opening.BooksFrom:u}; books begin while it is, and "
                    + "without an opening with its first hour");
                return;
            }

            Once("commitments", opening.Commitments.DistinctBy(each => (each.Commitment, each.Window)).Count() < opening.Commitments.Count
                ? opening.Commitments.Select(each => each.Commitment)
                : []);
            Once("rates", opening.Rates.Select(each => each.Rate));
            Once("prepayments", opening.Prepayments.Select(each => each.Prepayment));
            foreach (var draw in opening.Commitments)
            {
                Of(draw);
            }

            foreach (var volume in opening.Rates)
            {
                Of(volume);
            }

            foreach (var paid in opening.Prepayments)
            {
                Of(paid);
            }

            if (isLast)
            {
                AddMissing();
            }
        }

        void Once(string key, IEnumerable<string> ids)
        {
            foreach (var id in ids.GroupBy(id => id, StringComparer.Ordinal).Where(group => group.Count() > 1))
            {
                Add($"{key}.{id.Key}", "is said twice; say it once");
            }
        }

        void Of(OpeningDraw draw)
        {
            var key = $"commitments.{draw.Commitment}";
            var stated = Stated<Commitment>(draw.Commitment);
            if (stated.Count == 0)
            {
                Add(key, $"there is no such commitment; the contract has {Names<Commitment>()}");
                return;
            }

            var windows = stated.SelectMany(each => each.Windows).Where(window => window.From == draw.Window).ToList();
            if (windows.Count == 0)
            {
                Add(key, $"no window begins on {draw.Window:u}; windows begin on "
                    + string.Join(", ", stated[^1].Windows.Select(window => $"{window.From:yyyy-MM-dd}")));
                return;
            }

            var amount = windows.Max(window => window.Amount);
            if (windows.TrueForAll(opening.Closes))
            {
                Add(key, $"its window from {draw.Window:yyyy-MM-dd} has ended before the books begin; leave it out, it is closed");
            }
            else if (decimal.Min(decimal.Min(draw.Drawn, draw.Surplus), decimal.Min(draw.Carried, draw.Deferred)) < 0
                || draw.Caps.Any(cap => cap < 0))
            {
                Add(key, "an amount is below 0; what was taken back is left out of what was drawn");
            }
            else if (draw.Window >= opening.BooksFrom && draw.Drawn + draw.Surplus > 0)
            {
                Add(key, "its window has not begun when the books begin; only carried and deferred can be there");
            }
            else if (draw.Drawn > decimal.Max(0, amount + draw.Deferred - draw.Carried))
            {
                Add(key, $"{draw.Drawn} drawn exceeds what is committed, {decimal.Max(0, amount + draw.Deferred - draw.Carried)}; "
                    + "write what was drawn beyond it as surplus");
            }
            else if (draw.Caps.Sum() > draw.Drawn + draw.Surplus)
            {
                Add(key, "capped uses have drawn more than all together; caps are a part of what was drawn");
            }
        }

        void Of(OpeningVolume volume)
        {
            var key = $"rates.{volume.Rate}";
            var begins = Stated<Rate>(volume.Rate).Where(rate => rate.Tiers.Count > 0)
                .Select(rate => opening.First.StartOf(rate.TierPeriod).Start).ToList();
            if (begins.Count == 0)
            {
                Add(key, $"there is no such rate with tiers; the contract has {Names<Rate>()}");
                return;
            }

            if (!begins.Contains(volume.From))
            {
                Add(key, $"its period that is open begins on {begins[^1]:yyyy-MM-dd}, not on {volume.From:u}; "
                    + "volumes of other periods are left out");
            }

            if (volume.Volume < 0)
            {
                Add(key, "the volume is below 0; write what was spent in the period");
            }
        }

        void Of(OpeningPrepaid paid)
        {
            var key = $"prepayments.{paid.Prepayment}";
            var stated = Stated<Prepayment>(paid.Prepayment);
            if (stated.Count == 0)
            {
                Add(key, $"there is no such prepayment; the contract has {Names<Prepayment>()}");
            }
            else if (stated.TrueForAll(clause => clause.PaidAt >= opening.BooksFrom))
            {
                Add(key, $"it is paid on {stated[^1].PaidAt:u}, when the books have begun; leave it out, its payment is posted");
            }
            else if (stated.TrueForAll(clause => clause.Until <= opening.BooksFrom))
            {
                Add(key, "it has expired before the books begin; leave it out");
            }
            else if (paid.Left < 0 || paid.Left > (paid.Paid ?? stated.Max(clause => clause.Amount)))
            {
                Add(key, $"{paid.Left} cannot be left of {paid.Paid ?? stated.Max(clause => clause.Amount)}; write from 0 to what was paid");
            }
        }

        /// <summary>What began before the books and goes on in them must be said, if only that it is 0.</summary>
        void AddMissing()
        {
            foreach (var commitment in InForce.OfType<Commitment>())
            {
                if (commitment.WindowAt(opening.First) is { } window && window.From < opening.BooksFrom
                    && opening.DrawOf(commitment.Id, window) is null)
                {
                    Add($"commitments.{commitment.Id}", $"its window from {window.From:yyyy-MM-dd} is open as the books begin, and "
                        + "nothing is said of it; write what was drawn, 0 if nothing was");
                }
            }

            foreach (var rate in InForce.OfType<Rate>().Where(rate => rate.Tiers.Count > 0))
            {
                if (opening.First.StartOf(rate.TierPeriod) < opening.First
                    && opening.Rates.All(volume => volume.Rate != rate.Id))
                {
                    Add($"rates.{rate.Id}", "its tiers are within a period as the books begin, and nothing is said of its "
                        + "volume; write what was spent in it, 0 if nothing was");
                }
            }

            foreach (var paid in InForce.OfType<Prepayment>())
            {
                if (paid.PaidAt < opening.BooksFrom && opening.Prepayments.All(left => left.Prepayment != paid.Id))
                {
                    Add($"prepayments.{paid.Id}", "it was paid before the books begin, and nothing is said of it; write what "
                        + "is left, 0 if nothing is");
                }
            }
        }

        List<T> Stated<T>(string id)
            where T : Clause =>
            [.. contract.Versions.SelectMany(each => each.Clauses).OfType<T>().Where(clause => clause.Id == id)];

        string Names<T>()
            where T : Clause => string.Join(", ", contract.Versions.SelectMany(each => each.Clauses).OfType<T>()
            .Select(clause => clause.Id).Distinct().DefaultIfEmpty("none"));
    }
}
