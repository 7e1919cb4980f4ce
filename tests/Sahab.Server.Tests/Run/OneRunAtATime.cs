namespace Sahab.Server.Tests.Run;

/// <summary>Tests that start <c>./run</c> take turns: two that start at once could choose the same ports.</summary>
[CollectionDefinition("./run", DisableParallelization = true)]
public sealed class OneRunAtATime;
