using Sahab.Planning.Scenarios;

namespace Sahab.Planning.Upstreams;

/// <summary>
/// All replicas of a scenario, in the order of what happens next: a heap of as many entries as there are replicas,
/// whatever runs in them.
/// </summary>
internal sealed class Fleet
{
    readonly BatchServer[] _servers;
    readonly int[] _firstOf;
    readonly int[] _heap;
    readonly int[] _placeOf;

    public Fleet(Scenario scenario)
    {
        var servers = new List<BatchServer>();
        _firstOf = new int[scenario.Deployments.Length + 1];
        for (var i = 0; i < scenario.Deployments.Length; i++)
        {
            _firstOf[i] = servers.Count;
            var deployment = scenario.Deployments[i];
            servers.AddRange(
                Enumerable.Range(0, deployment.Replicas).Select(_ => new BatchServer(deployment.Upstream)));
        }

        _firstOf[^1] = servers.Count;
        _servers = [.. servers];
        _heap = [.. Enumerable.Range(0, _servers.Length)];
        _placeOf = [.. Enumerable.Range(0, _servers.Length)];
    }

    /// <summary>When something happens next; infinite if nothing will.</summary>
    public double NextMs => _servers[_heap[0]].NextMs;

    /// <summary>Gives a call to the replica of a deployment that has least to do; false if all have too much.</summary>
    public bool TryAccept(int deployment, BatchJob job, double nowMs)
    {
        var least = _firstOf[deployment];
        for (var server = least + 1; server < _firstOf[deployment + 1]; server++)
        {
            least = _servers[server].Calls < _servers[least].Calls ? server : least;
        }

        if (!_servers[least].TryAccept(job, nowMs))
        {
            return false;
        }

        Move(least);
        return true;
    }

    /// <summary>Lets happen what happens next.</summary>
    public BatchEvent Step(out BatchJob? job)
    {
        var server = _heap[0];
        var happened = _servers[server].Step(out job);
        Move(server);
        return happened;
    }

    /// <summary>Loses all calls of a deployment. Those without a token come first.</summary>
    /// <returns>The calls without a token, and the others.</returns>
    public (List<BatchJob> Unanswered, List<BatchJob> Cut) Clear(int deployment, double nowMs)
    {
        var (unanswered, cut) = (new List<BatchJob>(), new List<BatchJob>());
        for (var server = _firstOf[deployment]; server < _firstOf[deployment + 1]; server++)
        {
            var lost = new List<BatchJob>();
            var count = _servers[server].Clear(lost, nowMs);
            unanswered.AddRange(lost[..count]);
            cut.AddRange(lost[count..]);
            Move(server);
        }

        return (unanswered, cut);
    }

    /// <summary>The share of its time in which a deployment's replicas had something to do, on average.</summary>
    public double BusyShare(int deployment, double lengthMs) =>
        _servers[_firstOf[deployment].._firstOf[deployment + 1]].Average(server => server.BusyMs) / lengthMs;

    // Restores the order after the time of one has changed. Of equal times the lower number goes first.
    void Move(int server)
    {
        var place = _placeOf[server];
        while (place > 0 && IsBefore(server, _heap[(place - 1) / 2]))
        {
            Put(_heap[(place - 1) / 2], place);
            place = (place - 1) / 2;
        }

        while ((2 * place) + 1 < _heap.Length)
        {
            var child = (2 * place) + 1;
            if (child + 1 < _heap.Length && IsBefore(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!IsBefore(_heap[child], server))
            {
                break;
            }

            Put(_heap[child], place);
            place = child;
        }

        Put(server, place);
    }

    void Put(int server, int place) => (_heap[place], _placeOf[server]) = (server, place);

    bool IsBefore(int left, int right)
    {
        var (leftMs, rightMs) = (_servers[left].NextMs, _servers[right].NextMs);
        return leftMs < rightMs || (leftMs == rightMs && left < right);
    }
}
