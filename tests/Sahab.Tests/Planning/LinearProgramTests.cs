using FsCheck;
using FsCheck.Fluent;
using Sahab.Planning.Optimum;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Planning;

/// <summary>Both solvers against programmes solved by hand, and against each other.</summary>
public sealed class LinearProgramTests
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    static readonly ISolver[] Solvers = [new CbcSolver(TimeProvider.System), new TableauSolver()];

    public static TheoryData<string> SolverNames => [.. Solvers.Select(solver => solver.Name)];

    [Theory]
    [MemberData(nameof(SolverNames))]
    public async Task Calls_go_to_the_cheap_cloud_until_it_is_full(string name)
    {
        // 10 calls, 4 fit into the cheap one at 2, the rest costs 3.5: 29. One call more costs 3.5; one more place at
        // the cheap one saves 1.5.
        var program = new LinearProgram();
        var demand = program.AddRow("demand", RowSense.Exactly, 10);
        var capacity = program.AddRow("capacity", RowSense.AtMost, 4);
        var (cheap, dear) = (program.AddColumn(2), program.AddColumn(3.5));
        program.Put(demand, cheap, 1);
        program.Put(demand, dear, 1);
        program.Put(capacity, cheap, 1);

        var solution = await Solver(name).SolveAsync(program, Limit);

        solution.Status.ShouldBe(SolverStatus.Optimal);
        solution.Cost.ShouldBe(29, 1e-6);
        solution.Columns[cheap].ShouldBe(4, 1e-6);
        solution.Columns[dear].ShouldBe(6, 1e-6);
        solution.Duals[demand].ShouldBe(3.5, 1e-6);
        solution.Duals[capacity].ShouldBe(-1.5, 1e-6);
    }

    [Theory]
    [MemberData(nameof(SolverNames))]
    public async Task A_commitment_draws_calls_to_where_they_are_dearer_as_far_as_that_pays(string name)
    {
        // 10 calls at 1 elsewhere, or at 1.25 where 5 must be spent: 4 calls there, for else 1.25 is owed for nothing.
        var program = new LinearProgram();
        var demand = program.AddRow("demand", RowSense.Exactly, 10);
        var commitment = program.AddRow("commitment", RowSense.AtLeast, 5);
        var (elsewhere, there, shortfall) = (program.AddColumn(1), program.AddColumn(1.25), program.AddColumn(1));
        program.Put(demand, elsewhere, 1);
        program.Put(demand, there, 1);
        program.Put(commitment, there, 1.25);
        program.Put(commitment, shortfall, 1);

        var solution = await Solver(name).SolveAsync(program, Limit);

        solution.Cost.ShouldBe(11, 1e-6);
        solution.Columns[there].ShouldBe(4, 1e-6);
        solution.Columns[shortfall].ShouldBe(0, 1e-6);
        // λ is what makes both clouds alike: 1.25 × (1 - λ) = 1.
        solution.Duals[commitment].ShouldBe(0.2, 1e-6);
    }

    [Theory]
    [MemberData(nameof(SolverNames))]
    public async Task What_cannot_be_and_what_has_no_end_is_told_apart(string name)
    {
        var impossible = new LinearProgram();
        var low = impossible.AddRow("low", RowSense.AtMost, 3);
        var high = impossible.AddRow("high", RowSense.AtLeast, 5);
        var column = impossible.AddColumn(1);
        impossible.Put(low, column, 1);
        impossible.Put(high, column, 1);
        var endless = new LinearProgram();
        endless.Put(endless.AddRow("row", RowSense.AtLeast, 1), endless.AddColumn(-1), 1);

        (await Solver(name).SolveAsync(impossible, Limit)).Status.ShouldBe(SolverStatus.Infeasible);
        (await Solver(name).SolveAsync(endless, Limit)).Status.ShouldBe(SolverStatus.Unbounded);
    }

    [Theory]
    [MemberData(nameof(SolverNames))]
    public async Task Rows_that_cannot_hold_together_are_named_and_others_are_not(string name)
    {
        var program = new LinearProgram();
        var demand = program.AddRow("demand of noon", RowSense.Exactly, 100);
        var capacity = program.AddRow("capacity of noon", RowSense.AtMost, 70);
        var other = program.AddRow("capacity of midnight", RowSense.AtMost, 70);
        var (noon, midnight) = (program.AddColumn(1), program.AddColumn(1));
        program.Put(demand, noon, 1);
        program.Put(capacity, noon, 1);
        program.Put(other, midnight, 1);

        var faults = await Elastic.ExplainAsync(program, Solver(name), Limit);

        // In proportion, 30 of 100 calls are less than 30 of 70 places.
        faults.ShouldHaveSingleItem().Name.ShouldBe("demand of noon");
        faults[0].By.ShouldBe(30, 1e-6);
    }

    [Fact]
    public void Both_solvers_find_the_same_cost_and_duals_that_prove_it()
    {
        Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), seed =>
        {
            var program = RandomProgram((ulong)seed);
            var (cbc, tableau) = (Solve(Solvers[0], program), Solve(Solvers[1], program));
            cbc.Status.ShouldBe(tableau.Status);
            if (cbc.Status != SolverStatus.Optimal)
            {
                return;
            }

            foreach (var solution in new[] { cbc, tableau })
            {
                solution.Cost.ShouldBe(tableau.Cost, 1e-5 * (1 + Math.Abs(tableau.Cost)));

                // Strong duality: the prices of the rows add up to the cost.
                solution.Duals.Select((dual, row) => dual * program.Rows[row].Right).Sum()
                    .ShouldBe(tableau.Cost, 1e-4 * (1 + Math.Abs(tableau.Cost)));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void A_programme_is_written_as_MPS_that_people_can_read_too()
    {
        var program = new LinearProgram();
        var row = program.AddRow("commitment aws, period 0", RowSense.AtLeast, 0.1);
        program.Put(row, program.AddColumn(1e-7), 1 / 3.0);
        using var text = new StringWriter { NewLine = "\n" };

        MpsWriter.Write(program, text);

        text.ToString().ShouldBe(
            "* R0 commitment aws, period 0\nNAME SAHAB FREE\nROWS\n N COST\n G R0\nCOLUMNS\n C0 COST 1E-07\n"
            + " C0 R0 0.3333333333333333\nRHS\n RHS R0 0.1\nENDATA\n");
    }

    [Fact]
    public async Task A_solver_that_is_not_there_says_what_to_install()
    {
        var solver = new CbcSolver(TimeProvider.System, "no-such-solver");

        (await Should.ThrowAsync<SolverException>(() => solver.SolveAsync(RandomProgram(1), Limit))).Message
            .ShouldContain("apt-get install coinor-cbc");
    }

    static LinearSolution Solve(ISolver solver, LinearProgram program) =>
        solver.SolveAsync(program, Limit).GetAwaiter().GetResult();

    static ISolver Solver(string name) => Solvers.Single(solver => solver.Name == name);

    static LinearProgram RandomProgram(ulong seed)
    {
        var random = new RandomSource(seed);
        var program = new LinearProgram();
        var (rows, columns) = (2 + random.NextInt32(8), 2 + random.NextInt32(12));
        for (var row = 0; row < rows; row++)
        {
            program.AddRow($"row {row}", (RowSense)random.NextInt32(3), random.NextInt32(41) - 10);
        }

        for (var column = 0; column < columns; column++)
        {
            // Not below 0, or which of "infeasible" and "unbounded" is said first would be a matter of taste.
            program.AddColumn(random.NextInt32(20));
            for (var row = 0; row < rows; row++)
            {
                program.Put(row, column, random.NextInt32(3) == 0 ? random.NextInt32(11) - 3 : 0);
            }
        }

        return program;
    }
}
