using Sahab.Ledger.Budgets;
using Sahab.Routing.Admission;

namespace Sahab.Tests.Routing;

/// <summary>
/// Nodes that share the budgets of an organisation, as a model: a store with its transactions, a journal for each node, and
/// every step between them apart, so that anything may happen in the midst.
/// </summary>
internal sealed class BudgetCluster(IReadOnlyList<BudgetTerms> budgets, int nodes)
{
    private readonly Dictionary<(string Budget, long WindowUs), Row> _rows = [];
    private readonly Dictionary<(string Budget, long WindowUs), long> _used = [];
    private int _ids;

    public IReadOnlyList<Node> Nodes { get; } = [.. Enumerable.Range(0, nodes).Select(_ => new Node(budgets))];

    public long NowUs { get; set; }

    /// <summary>A call begins on a node, if it may.</summary>
    public BudgetStanding Begin(Node node, string key, long estimate)
    {
        var verdict = node.Book.TryReserve("p", key, new BudgetUse(0, estimate, 0), NowUs, out var lease);
        if (!verdict.Admitted)
        {
            return verdict.Standing;
        }

        node.Running.Add(new Running(_ids++, lease!, key, estimate, NowUs));
        foreach (var window in WindowsOf(key, NowUs))
        {
            node.AtLast[window] = [.. node.Running.Where(call => WindowsOf(call.Key, call.StampUs).Contains(window)).Select(call => call.Id)];
            node.Excess[window] = 0;
        }

        return BudgetStanding.Admitted;
    }

    /// <summary>A call ends; its use is in the journal.</summary>
    public void End(Node node, int which, long used)
    {
        if (node.Running.Count == 0)
        {
            return;
        }

        var call = node.Running[which % node.Running.Count];
        node.Running.Remove(call);
        call.Lease.Settle(new BudgetUse(0, used, 0));
        foreach (var window in WindowsOf(call.Key, call.StampUs))
        {
            node.Journal.Add((window, used));
            _used[window] = _used.GetValueOrDefault(window) + used;
            if (node.AtLast.GetValueOrDefault(window)?.Contains(call.Id) == true)
            {
                node.Excess[window] = node.Excess.GetValueOrDefault(window) + Math.Max(0, used - call.Estimate);
            }
        }
    }

    /// <summary>Some of the journal is posted.</summary>
    public void Post(Node node, int most)
    {
        foreach (var (window, used) in node.Journal.Take(most))
        {
            RowOf(window).Spent += used;
        }

        node.Journal.RemoveRange(0, Math.Min(most, node.Journal.Count));
    }

    /// <summary>A node asks the store: its turn has come where it had none.</summary>
    public static void Claim(Node node, IReadOnlyList<BudgetClaim> claims)
    {
        if (node.IsReleased && node.Claims.Count == 0 && node.Answers.Count == 0)
        {
            node.Claims = claims;
        }
    }

    /// <summary>The store's transaction. What it answers may never arrive.</summary>
    public bool Commit(Node node)
    {
        var answers = new List<BudgetAnswer>();
        foreach (var claim in node.Claims)
        {
            var (row, terms) = (RowOf((claim.Budget, claim.WindowUs)), budgets.Single(each => each.Id == claim.Budget));
            var own = row.Held.GetValueOrDefault(node);
            var stock = new BudgetStock(terms.Limit, row.Spent, row.Held.Values.Sum() - own, own);
            var grant = BudgetSlice.Of(stock, claim.Keep, claim.Lacks, isAlone: nodes == 1);
            row.Held[node] = grant.Held;
            row.Wanted += grant.IsEnough ? 0 : 1;
            if (grant.Given > 0 && row.Spent + row.Held.Values.Sum() > terms.Limit)
            {
                return false;
            }

            answers.Add(new BudgetAnswer(claim, grant, row.Spent, row.Wanted));
        }

        (node.Claims, node.Answers) = ([], answers);
        return true;
    }

    public static void Apply(Node node, bool isLast)
    {
        node.Book.Apply(node.Answers, isLast);
        node.Answers = [];
    }

    /// <summary>All that a node has to say and to hear at once: as when nothing else happens.</summary>
    public void Exchange(Node node)
    {
        Claim(node, node.Book.ClaimWanted());
        Commit(node);
        var answers = node.Answers;
        Apply(node, isLast: false);
        Mark(node);
        Posted(node);
        Claim(node, node.Book.ClaimAgain(answers));
        Commit(node);
        Apply(node, isLast: true);
    }

    public static void Mark(Node node) => node.Marks = (node.Book.Mark(), node.Journal.Count);

    /// <summary>What was in the journal at the mark is posted, and the node knows it.</summary>
    public void Posted(Node node)
    {
        Post(node, node.Journal.Count);
        node.Book.Posted(node.Marks.Marks);
        node.Marks = ([], 0);
    }

    public void Tick(Node node)
    {
        node.Book.BeginTick();
        var holdings = _rows.Where(row => row.Value.Held.ContainsKey(node))
            .ToDictionary(row => row.Key, row => (row.Value.Held[node], row.Value.Wanted));
        var claims = node.Book.Tick(NowUs, nodes > 1, holdings);
        Claim(node, claims);
    }

    /// <summary>The process dies and comes back: what it had in memory is gone, and the journal is there.</summary>
    public void Crash(Node node)
    {
        node.Die(budgets);
    }

    /// <summary>What the life before had left in the journal is posted; then it holds nothing.</summary>
    public void Release(Node node)
    {
        if (!node.IsReleased)
        {
            Post(node, node.Journal.Count);
            foreach (var row in _rows.Values)
            {
                row.Held.Remove(node);
            }

            node.IsReleased = true;
        }
    }

    /// <summary>What the store says that a node holds, of all windows.</summary>
    public long HeldBy(Node node) => _rows.Values.Sum(row => row.Held.GetValueOrDefault(node));

    /// <summary>The bound of the documentation, for each budget and window.</summary>
    public bool IsWithinBound() => _used.All(used =>
        used.Value <= budgets.Single(budget => budget.Id == used.Key.Budget).Limit
            + Nodes.Sum(node => node.Excess.GetValueOrDefault(used.Key)));

    /// <summary>No node believes that it has more than the store says.</summary>
    public bool IsBacked() => Nodes.All(node => node.Book.Parts().All(part =>
        part.Part.Held <= (_rows.GetValueOrDefault((part.Budget.Id, part.Part.StartUs))?.Held.GetValueOrDefault(node) ?? 0)));

    /// <summary>What the store says was spent is what was used.</summary>
    public bool IsPosted() => _used.All(used => used.Value == RowOf(used.Key).Spent);

    public long Left(BudgetTerms budget) =>
        budget.Limit - _used.GetValueOrDefault((budget.Id, BudgetWindow.Of(budget.Period, NowUs).StartUs));

    private List<(string Budget, long WindowUs)> WindowsOf(string key, long stampUs) =>
        [.. budgets.Where(budget => budget.IsAbout("p", key)).Select(budget => (budget.Id, BudgetWindow.Of(budget.Period, stampUs).StartUs))];

    private Row RowOf((string, long) window) => _rows.TryGetValue(window, out var row) ? row : _rows[window] = new Row();

    internal sealed class Node
    {
        public Node(IReadOnlyList<BudgetTerms> budgets) => Die(budgets);

        public BudgetBook Book { get; private set; } = new();

        public List<Running> Running { get; } = [];

        public List<((string, long) Window, long Used)> Journal { get; } = [];

        public IReadOnlyList<BudgetClaim> Claims { get; set; } = [];

        public IReadOnlyList<BudgetAnswer> Answers { get; set; } = [];

        public (IReadOnlyList<BudgetMark> Marks, int Journaled) Marks { get; set; } = ([], 0);

        public bool IsReleased { get; set; }

        /// <summary>The calls in flight when the node last admitted one.</summary>
        public Dictionary<(string, long), HashSet<int>> AtLast { get; } = [];

        /// <summary>What these have used beyond what they had reserved.</summary>
        public Dictionary<(string, long), long> Excess { get; } = [];

        public void Die(IReadOnlyList<BudgetTerms> budgets)
        {
            Book = new BudgetBook();
            Book.Change(budgets);
            Running.Clear();
            (Claims, Answers, Marks, IsReleased) = ([], [], ([], 0), false);
        }
    }

    internal sealed record Running(int Id, BudgetLease Lease, string Key, long Estimate, long StampUs);

    private sealed class Row
    {
        public long Spent { get; set; }

        public long Wanted { get; set; }

        public Dictionary<Node, long> Held { get; } = [];
    }
}
