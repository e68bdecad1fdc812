using Callbacks.Fixtures;
using Callbacks.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Callbacks.Tests.Store;

public sealed class MigratorTests
{
    [Fact]
    public async Task Instances_that_start_at_once_migrate_once()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        var log = new Support.LogLines<Migrator>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using NpgsqlDataSource own = NpgsqlDataSource.Create(database.ConnectionString);
            await new Migrator(TimeProvider.System, log).ApplyAsync(own, TimeSpan.FromSeconds(30), CancellationToken.None);
        }));
        Assert.Equal(1, log.Count(Microsoft.Extensions.Logging.LogLevel.Information));
        Assert.Equal("0001_objects", await database.ReadAsync<string>("select string_agg(name, ',') from callback_migrations"));
        Assert.Equal(0L, await database.ReadAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"));
    }

    [Theory]
    [InlineData("drop table objects")]
    [InlineData("drop table callback_migrations")]
    [InlineData("drop table objects, callback_migrations")]
    [InlineData("delete from callback_migrations")]
    public async Task Whatever_was_dropped_is_there_again(string damage)
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using NpgsqlDataSource own = NpgsqlDataSource.Create(database.ConnectionString);
        var migrator = new Migrator(TimeProvider.System, NullLogger<Migrator>.Instance);
        await migrator.ApplyAsync(own, TimeSpan.FromSeconds(30), CancellationToken.None);
        await database.ExecuteAsync(damage);
        await migrator.ApplyAsync(own, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Empty(await database.ReadRowsAsync());
        Assert.Equal("0001_objects", await database.ReadAsync<string>("select string_agg(name, ',') from callback_migrations"));
        Assert.True(await database.ReadAsync<bool>("select exists (select from pg_indexes where indexname = 'objects_last_seen')"));
    }

    [Fact]
    public async Task A_schema_newer_than_this_release_is_left_alone()
    {
        await using var database = new TestDatabase(await PostgreSql.CreateDatabaseAsync());
        await using NpgsqlDataSource own = NpgsqlDataSource.Create(database.ConnectionString);
        var migrator = new Migrator(TimeProvider.System, NullLogger<Migrator>.Instance);
        await migrator.ApplyAsync(own, TimeSpan.FromSeconds(30), CancellationToken.None);
        await database.ExecuteAsync("insert into callback_migrations (name) values ('9999_later')");
        await migrator.ApplyAsync(own, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(2L, await database.ReadAsync<long>("select count(*) from callback_migrations"));
    }
}
